namespace Tributary.Grains.KLive;

/// <summary>
/// This cluster as the media server of live entries of a platform ("KLive"): of its own, or of the one that <c>KLive:Platform:Url</c> names. Where that is
/// empty and <c>Platform:Enabled</c> is false there is none.
/// </summary>
public sealed class KLiveOptions
{
    /// <summary>Name under which this node is a media server of the platform; empty: Node:Name.</summary>
    public string HostName { get; set; } = "";

    /// <summary>How often the platform is told that an entry is on air.</summary>
    public TimeSpan RegisterEvery { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the platform is told that this node lives.</summary>
    public TimeSpan ReportEvery { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often the platform is asked whether it still lists what is on air: an entry that was deleted there, or whose partner was blocked, loses its encoder
    /// so soon. Zero: with the next RegisterEvery.
    /// </summary>
    public TimeSpan WatchEvery { get; set; } = TimeSpan.FromSeconds(5);

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

    /// <summary>The platform of another cluster, over HTTP.</summary>
    public RemotePlatformOptions Platform { get; set; } = new();

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(KLiveOptions options) =>
        options is { RegisterEvery.Ticks: > 0, ReportEvery.Ticks: > 0, RetryAfter.Ticks: > 0, AnswerTimeout.Ticks: > 0 }
        && options.WatchEvery >= TimeSpan.Zero && options.AuthenticatedFor >= TimeSpan.Zero && options.RefusedFor >= TimeSpan.Zero && options.TrustedFor >= TimeSpan.Zero
        && RemotePlatformOptions.IsValid(options.Platform);
}

/// <summary>The platform of another cluster ("KLive:Platform"). Empty <see cref="Url"/>: this cluster's own is meant, and nothing else here counts.</summary>
public sealed class RemotePlatformOptions
{
    /// <summary>Its address, for example <c>https://platform.example.net</c>; empty: this cluster is the media server of its own platform.</summary>
    public string Url { get; set; } = "";

    /// <summary>As whom it is called: -5 is a media server of every partner; a partner's number is a site of that partner alone (eCDN).</summary>
    public int Partner { get; set; } = -5;

    /// <summary>That partner's secret of administrators. It signs sessions and is never sent.</summary>
    public string AdminSecret { get; set; } = "";

    /// <summary>How long a session is valid.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long before its end a session is replaced.</summary>
    public TimeSpan RenewBefore { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often a call is sent, at most, while KLive:AnswerTimeout is not over and the platform does not answer.</summary>
    public int Attempts { get; set; } = 3;

    /// <summary>What passes before the second attempt, and twice as long before each other; up to a half of it more, by chance.</summary>
    public TimeSpan RetryFrom { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>After so many attempts in a row without an answer none is sent for CircuitOpenFor, and then one.</summary>
    public int CircuitAfter { get; set; } = 5;

    /// <summary>How long nothing is sent to a platform that does not answer.</summary>
    public TimeSpan CircuitOpenFor { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Calls at the same time; others wait.</summary>
    public int MaxCalls { get; set; } = 32;

    /// <summary>Bytes of an answer.</summary>
    public int MaxAnswerBytes { get; set; } = 8 * 1_024 * 1_024;

    /// <summary>
    /// Folder that the platform has under the same path: recordings are put there and named instead of uploaded. For partner -5 alone. Empty: they are
    /// uploaded.
    /// </summary>
    public string SharedFolder { get; set; } = "";

    /// <summary>Bytes of a recording that are uploaded at a time.</summary>
    public int ChunkBytes { get; set; } = 8 * 1_024 * 1_024;

    /// <summary>How long such a chunk may take.</summary>
    public TimeSpan ChunkTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Address of a gateway of this cluster as players reach it, for the platform's manifests; empty: http, Node:Host and Http:Port where this process is one.
    /// </summary>
    public string PlaybackUrl { get; set; } = "";

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(RemotePlatformOptions options) => options.Url.Length == 0
        || IsAddress(options.Url) && (options.PlaybackUrl.Length == 0 || IsAddress(options.PlaybackUrl))
        && options is { Partner: -5 or > 0, AdminSecret.Length: > 0, Attempts: > 0, CircuitAfter: > 0, MaxCalls: > 0, MaxAnswerBytes: > 0, ChunkBytes: > 0 }
        && options.RetryFrom >= TimeSpan.Zero && options.CircuitOpenFor >= TimeSpan.Zero && options.ChunkTimeout > TimeSpan.Zero
        && options.RenewBefore >= TimeSpan.Zero && options.SessionLifetime > options.RenewBefore
        && (options.SharedFolder.Length == 0 || options.Partner == -5 && Path.IsPathFullyQualified(options.SharedFolder));

    static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";
}
