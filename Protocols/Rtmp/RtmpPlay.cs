using System.Buffers.Binary;

namespace Tributary.Protocols.Rtmp;

/// <summary>A play command (RTMP 1.0 §7.2.2.1).</summary>
/// <param name="Connect">What was said at connect.</param>
/// <param name="StreamName">The name with its query; may hold a token, so it is not for logs.</param>
/// <param name="StreamId">The message stream on which the media is expected.</param>
public sealed record RtmpPlayRequest(RtmpConnect Connect, string StreamName, uint StreamId);

/// <summary>
/// Media messages as a server sends them to players, so that many players can share their bytes: whoever goes on from the message before gets a header
/// with a difference of time (type 1), whoever begins or has missed some gets a header of its own before the same payload. (RTMP 1.0 §5.3.1.2)
/// </summary>
public static class RtmpPlayChunks
{
    /// <summary>
    /// Payload per chunk. As large as old players take it: most messages are one chunk, and the headers between the others are one byte.
    /// </summary>
    public const int ChunkSize = 65_536;

    /// <summary>Bytes of the shared header.</summary>
    public const int HeadLength = 8;

    /// <summary>The most bytes of a header for one viewer.</summary>
    public const int LongestHead = 16;

    const int AudioChunks = 4, VideoChunks = 6, DataChunks = 7;
    const uint LargestTime = 0xFFFFFE;

    /// <summary>Bytes that a payload takes with the headers between its chunks, without the first header.</summary>
    public static int PayloadLength(int length) => length + Math.Max(0, length - 1) / ChunkSize;

    /// <summary>The header that stands before a message for who has the one before: <paramref name="step"/> is the time between them in ms.</summary>
    public static int WriteNext(Span<byte> head, RtmpMessageType type, int length, long step)
    {
        head[0] = (byte)(1 << 6 | ChunkStream(type));
        WriteUInt24(head[1..], (uint)Math.Clamp(step, 0, LargestTime));
        WriteUInt24(head[4..], (uint)length);
        head[7] = (byte)type;
        return HeadLength;
    }

    /// <summary>The header of a viewer's first message of a type, at <paramref name="time"/> ms, of at most 4.6 hours.</summary>
    public static int WriteFirst(Span<byte> head, RtmpMessageType type, int length, uint streamId, uint time)
    {
        head[0] = (byte)ChunkStream(type);
        WriteUInt24(head[1..], Math.Min(time, LargestTime));
        WriteUInt24(head[4..], (uint)length);
        head[7] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], streamId);
        return 12;
    }

    /// <summary>Writes a payload, in two pieces, with the headers between its chunks.</summary>
    public static void WritePayload(Span<byte> to, RtmpMessageType type, scoped ReadOnlySpan<byte> front, scoped ReadOnlySpan<byte> body)
    {
        var left = ChunkSize;
        Append(ref to, ref left, type, front);
        Append(ref to, ref left, type, body);
    }

    /// <summary>A whole first message.</summary>
    public static byte[] First(RtmpMessageType type, scoped ReadOnlySpan<byte> body, uint streamId, uint time)
    {
        var message = new byte[12 + PayloadLength(body.Length)];
        WriteFirst(message, type, body.Length, streamId, time);
        WritePayload(message.AsSpan(12), type, [], body);
        return message;
    }

    /// <summary>A whole message behind another of its type.</summary>
    public static byte[] Next(RtmpMessageType type, scoped ReadOnlySpan<byte> body, long step)
    {
        var message = new byte[HeadLength + PayloadLength(body.Length)];
        WriteNext(message, type, body.Length, step);
        WritePayload(message.AsSpan(HeadLength), type, [], body);
        return message;
    }

    static void Append(ref Span<byte> to, ref int left, RtmpMessageType type, scoped ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            if (left == 0)
            {
                to[0] = (byte)(3 << 6 | ChunkStream(type));
                to = to[1..];
                left = ChunkSize;
            }

            var count = Math.Min(left, piece.Length);
            piece[..count].CopyTo(to);
            to = to[count..];
            piece = piece[count..];
            left -= count;
        }
    }

    static int ChunkStream(RtmpMessageType type) => type switch
    {
        RtmpMessageType.Audio => AudioChunks,
        RtmpMessageType.Video => VideoChunks,
        _ => DataChunks,
    };

    static void WriteUInt24(Span<byte> at, uint value)
    {
        at[0] = (byte)(value >> 16);
        at[1] = (byte)(value >> 8);
        at[2] = (byte)value;
    }
}
