namespace Tributary.Fuzz.Targets;

/// <summary>What a target says when something is not so.</summary>
static class Holds
{
    public static void That(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new InvalidOperationException(sentence);
        }
    }
}
