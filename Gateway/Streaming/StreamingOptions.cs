namespace Tributary.Gateway.Streaming;

/// <summary>Viewers that hold a connection for as long as they watch: HTTP-FLV, MPEG-TS over HTTP, RTMP ("Gateway:Streaming").</summary>
public sealed class StreamingOptions
{
    /// <summary>
    /// How long pictures are gathered before they are sent, 0 to 350 ms: the longer, the fewer system calls per viewer, and the later the picture. Sound
    /// goes with the next picture, or 40 ms later.
    /// </summary>
    public TimeSpan Merge { get; set; } = TimeSpan.Zero;

    /// <summary>Threads that write to viewers. 0: half the processors, at least one.</summary>
    public int Writers { get; set; }

    /// <summary>Viewers at the same time; more are answered with 503, or refused by RTMP.</summary>
    public int MaxViewers { get; set; } = 20_000;

    /// <summary>How far a viewer may fall behind the newest frame, beyond the last key frame, before it is dropped to a key frame.</summary>
    public TimeSpan MaxLag { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of one stream in one format that are kept for viewers that are behind, whatever <see cref="MaxLag"/> says.</summary>
    public long MaxBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>A viewer that has been dropped to a key frame this often within <see cref="SlowWithin"/> is closed when it would be the next time.</summary>
    public int MaxDrops { get; set; } = 3;

    /// <summary>Within what time <see cref="MaxDrops"/> are counted.</summary>
    public TimeSpan SlowWithin { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>A viewer that takes nothing at all for this long is closed.</summary>
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a stream stays muxed in a format that nobody watches any more.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a new connection may take for its first request before it is left to the HTTP server's own limits.</summary>
    public TimeSpan FirstRequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal int WritersOrDefault => Writers > 0 ? Writers : Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(StreamingOptions options) =>
        options.Merge >= TimeSpan.Zero && options.Merge <= TimeSpan.FromMilliseconds(350) && options.Writers is >= 0 and <= 256
        && options.MaxViewers > 0 && options.MaxLag > TimeSpan.Zero && options.MaxBytes > 0 && options.MaxDrops >= 0
        && options.SlowWithin > TimeSpan.Zero && options.StuckAfter > TimeSpan.Zero && options.Linger >= TimeSpan.Zero
        && options.FirstRequestTimeout > TimeSpan.Zero;
}
