using Tributary.Media.Frames;

namespace Tributary.Protocols.Rtmp;

/// <summary>Message types on the wire (RTMP 1.0 §5.4, §6.2, §7.1).</summary>
public enum RtmpMessageType : byte
{
    SetChunkSize = 1,
    Abort = 2,
    Acknowledgement = 3,
    UserControl = 4,
    WindowAcknowledgementSize = 5,
    SetPeerBandwidth = 6,
    Audio = 8,
    Video = 9,
    DataAmf3 = 15,
    SharedObjectAmf3 = 16,
    CommandAmf3 = 17,
    DataAmf0 = 18,
    SharedObjectAmf0 = 19,
    CommandAmf0 = 20,
    Aggregate = 22,
}

/// <summary>What the consumer of a session has to act on; everything else the session answers itself.</summary>
public enum RtmpMessageKind : byte
{
    None,

    /// <summary>The peer wants to publish: answer with AcceptPublish or RefusePublish before reading on.</summary>
    Publish,

    /// <summary>An FLV audio tag body in <see cref="RtmpMessage.Payload"/>.</summary>
    Audio,

    /// <summary>An FLV video tag body in <see cref="RtmpMessage.Payload"/>.</summary>
    Video,

    /// <summary>An AMF 0 data message, for example @setDataFrame, in <see cref="RtmpMessage.Payload"/>.</summary>
    Data,

    /// <summary>The peer ended its publication; the connection may go on.</summary>
    EndPublish,

    /// <summary>The peer wants to play: answer with AcceptPlay or RefusePlay before reading on.</summary>
    Play,

    /// <summary>The peer wants no more of what it plays.</summary>
    EndPlay,
}

/// <summary>One message for the consumer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Timestamp">Milliseconds, 32 bits, as the wire had them.</param>
/// <param name="Payload">The body; its reference belongs to the consumer from here on. Empty where the kind has none.</param>
/// <param name="Publish">What is to be published, for <see cref="RtmpMessageKind.Publish"/>.</param>
/// <param name="Play">What is to be played, for <see cref="RtmpMessageKind.Play"/>.</param>
public readonly record struct RtmpMessage(
    RtmpMessageKind Kind, uint Timestamp, FrameData Payload, RtmpPublishRequest? Publish, RtmpPlayRequest? Play = null);

/// <summary>What an encoder said when it connected (RTMP 1.0 §7.2.1.1).</summary>
/// <param name="App">The application, as it stood in the URL, with its query if the encoder left it there.</param>
/// <param name="TcUrl">The URL of the server as the encoder knows it; may hold a key, so it is not for logs.</param>
/// <param name="FlashVer">The name that the encoder gives itself.</param>
/// <param name="Enhanced">Whether it announced enhanced RTMP.</param>
public sealed record RtmpConnect(string App, string TcUrl, string FlashVer, bool Enhanced)
{
    /// <summary>Whether it follows a request to connect elsewhere (enhanced RTMP v2, capsEx).</summary>
    public bool Reconnects { get; init; }
}

/// <summary>A publish command (RTMP 1.0 §7.2.2.6).</summary>
/// <param name="Connect">What was said at connect.</param>
/// <param name="StreamName">The publishing name with its query; may hold a key, so it is not for logs.</param>
/// <param name="StreamId">The message stream.</param>
public sealed record RtmpPublishRequest(RtmpConnect Connect, string StreamName, uint StreamId);
