namespace Tributary.Grains.KLive;

/// <summary>This cluster as the media server of live entries of a platform ("KLive"). Where <c>Platform:Enabled</c> is false there is none.</summary>
public sealed class KLiveOptions
{
    /// <summary>Name under which this node is a media server of the platform; empty: Node:Name.</summary>
    public string HostName { get; set; } = "";

    /// <summary>How often the platform is told that an entry is on air.</summary>
    public TimeSpan RegisterEvery { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the platform is told that this node lives.</summary>
    public TimeSpan ReportEvery { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>After a call that the platform did not answer this long passes before it is tried again.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the platform has to answer.</summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>An encoder that comes back within this time with the token that was right is not asked about again.</summary>
    public TimeSpan AuthenticatedFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After a refusal the same address is refused the same entry for this long without asking.</summary>
    public TimeSpan RefusedFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>While the platform does not answer, a token that was right this long ago is taken as right. Zero: never.</summary>
    public TimeSpan TrustedFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(KLiveOptions options) =>
        options is { RegisterEvery.Ticks: > 0, ReportEvery.Ticks: > 0, RetryAfter.Ticks: > 0, AnswerTimeout.Ticks: > 0 }
        && options.AuthenticatedFor >= TimeSpan.Zero && options.RefusedFor >= TimeSpan.Zero && options.TrustedFor >= TimeSpan.Zero;
}
