namespace Tributary.Gateway.Streaming;

/// <summary>What endless responses carry. A stream is muxed once in each format that somebody watches.</summary>
public enum StreamFormat : byte
{
    /// <summary>FLV tags.</summary>
    Flv,

    /// <summary>RTMP chunks.</summary>
    Rtmp,

    /// <summary>MPEG transport stream packets.</summary>
    MpegTs,
}
