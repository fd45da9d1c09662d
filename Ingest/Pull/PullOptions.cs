namespace Tributary.Ingest.Pull;

/// <summary>Which sources may stand at addresses that are not public.</summary>
public enum PrivateAddresses
{
    /// <summary>Those of the configuration.</summary>
    Configured,

    Always,

    Never,
}

/// <summary>
/// Streams that the cluster fetches from other servers ("Pull"). What is pulled is decided here and by those who may command over the operations API,
/// never by an encoder or a viewer.
/// </summary>
public sealed class PullOptions
{
    /// <summary>
    /// What to pull, by stream name: <c>rtmp://HOST/APP/NAME</c> or rtmps, with the query that the server asks for. The same at every ingest node. A
    /// source that is taken out here goes on until it is deleted over the operations API.
    /// </summary>
    public Dictionary<string, string> Sources { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Which sources may stand at loopback, private and link-local addresses. The name is looked up once and the address that was checked is used.</summary>
    public PrivateAddresses PrivateAddresses { get; set; } = PrivateAddresses.Configured;

    /// <summary>Sources that this node pulls at the same time; more are refused and tried again.</summary>
    public int MaxPulls { get; set; } = 200;

    /// <summary>How long a server may take to be found, to accept the connection, and to answer until media comes.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a server may send nothing before the connection counts as lost.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Pause before the second attempt; it doubles with each one after it, and a random part of a quarter is added.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest such pause.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the values make sense.</summary>
    public static bool IsValid(PullOptions options) =>
        options.MaxPulls > 0 && options.ConnectTimeout > TimeSpan.Zero && options.IdleTimeout > TimeSpan.Zero && options.FirstPause > TimeSpan.Zero
        && options.LongestPause >= options.FirstPause;
}
