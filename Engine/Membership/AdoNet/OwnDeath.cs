namespace Orleans.Runtime;

/// <summary>What a silo does that finds itself declared dead: others have its grains by now, so its process ends at once, without tidying up.</summary>
sealed class OwnDeath(Action<string> end)
{
    public static OwnDeath OfProcess { get; } = new(Environment.FailFast);

    public void End(string reason) => end(reason);
}
