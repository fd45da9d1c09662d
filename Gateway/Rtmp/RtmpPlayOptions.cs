namespace Tributary.Gateway.Rtmp;

/// <summary>Playing by RTMP ("Gateway:Rtmp"). Where the process also takes publishers in, both use the port of Ingest:Rtmp.</summary>
public sealed class RtmpPlayOptions
{
    /// <summary>TCP port of a gateway that takes no publishers in; 0: RTMP is not played there.</summary>
    public int Port { get; set; } = 1935;

    /// <summary>How long a player may take from its connection to its play command.</summary>
    public TimeSpan PlayTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections that have not begun to play; more are closed at once.</summary>
    public int MaxWaiting { get; set; } = 1_000;

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(RtmpPlayOptions options) =>
        options.Port is >= 0 and <= 65_535 && options.PlayTimeout > TimeSpan.Zero && options.MaxWaiting > 0;
}
