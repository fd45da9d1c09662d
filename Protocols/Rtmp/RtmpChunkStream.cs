using Tributary.Media.Frames;

namespace Tributary.Protocols.Rtmp;

/// <summary>One chunk stream as its reader knows it: the last header, which later chunks build on, and the message under way.</summary>
sealed class RtmpChunkStream
{
    /// <summary>Whether any chunk with a full header has come.</summary>
    public bool HasHeader;

    /// <summary>Timestamp of the message, in ms.</summary>
    public uint Timestamp;

    /// <summary>What the last header carried: an absolute time after type 0, else a difference.</summary>
    public uint TimestampField;

    /// <summary>Whether that field stood in the four extended bytes.</summary>
    public bool IsExtended;

    /// <summary>Whether the last header was of type 0.</summary>
    public bool IsAbsolute;

    public int Length;
    public RtmpMessageType Type;
    public uint StreamId;

    /// <summary>Whether a message has begun and not ended.</summary>
    public bool InMessage;

    /// <summary>The bytes so far; as long as the memory that is held for them.</summary>
    public FrameData Data;

    public int Received;
}

/// <summary>One whole message as the chunks carried it. The payload's reference belongs to whoever reads it.</summary>
readonly record struct RtmpRawMessage(RtmpMessageType Type, uint StreamId, uint Timestamp, FrameData Payload);
