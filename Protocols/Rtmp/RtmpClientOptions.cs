namespace Tributary.Protocols.Rtmp;

/// <summary>What a client asks a server for.</summary>
public sealed record RtmpClientOptions
{
    /// <summary>The application: <c>live</c>.</summary>
    public required string App { get; init; }

    /// <summary>The URL up to the application: <c>rtmp://host/live</c>.</summary>
    public required string TcUrl { get; init; }

    /// <summary>The stream's name, with its query.</summary>
    public required string StreamName { get; init; }

    /// <summary>Bytes of payload per chunk that we send.</summary>
    public int ChunkSize { get; init; } = 65_536;

    /// <summary>Which digest scheme to sign the handshake in (0 or 1), or null for the plain one.</summary>
    public int? DigestScheme { get; init; }

    /// <summary>Whether to announce enhanced RTMP.</summary>
    public bool Enhanced { get; init; } = true;

    public RtmpLimits Limits { get; init; } = RtmpLimits.Default;
}
