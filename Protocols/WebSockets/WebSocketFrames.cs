using System.Buffers;
using System.Buffers.Binary;

namespace Tributary.Protocols.WebSockets;

/// <summary>What a frame is (RFC 6455 §5.2).</summary>
public enum WebSocketOpcode : byte
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// <summary>A frame from a client.</summary>
/// <param name="Opcode">What it is.</param>
/// <param name="Payload">Its payload, unmasked, of control frames; empty for data frames, whose payload nobody here wants.</param>
public readonly record struct WebSocketFrame(WebSocketOpcode Opcode, byte[] Payload);

/// <summary>
/// Frames of a WebSocket whose server only sends (RFC 6455 §5): heads for what goes out, and what clients say, of which only control frames matter.
/// <code>
///  fin 1 | reserved 3 | opcode 4    mask 1 | length 7   [ length 16 or 64 ]   [ masking key 32 ]   payload
/// </code>
/// </summary>
public sealed class WebSocketFrames
{
    /// <summary>The most bytes of a head that a server writes.</summary>
    public const int LongestHead = 10;

    const int MostOfControl = 125;

    // Data frames of clients are skipped; so many bytes of them at most, since a viewer has nothing to say.
    readonly long _mostBytes;
    long _skip;
    long _skipped;

    /// <param name="mostBytes">Bytes of data frames that are skipped before the client counts as <see cref="Malformed"/>.</param>
    public WebSocketFrames(long mostBytes = 1024 * 1024) => _mostBytes = mostBytes;

    /// <summary>Whether the client broke the protocol; nothing more is read.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Writes the head of an unmasked frame that is a whole message; returns its length.</summary>
    public static int WriteHead(Span<byte> head, WebSocketOpcode opcode, long length)
    {
        head[0] = (byte)(0x80 | (int)opcode);
        switch (length)
        {
            case <= MostOfControl:
                head[1] = (byte)length;
                return 2;
            case <= ushort.MaxValue:
                head[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)length);
                return 4;
            default:
                head[1] = 127;
                BinaryPrimitives.WriteInt64BigEndian(head[2..], length);
                return 10;
        }
    }

    /// <summary>A whole frame.</summary>
    public static byte[] Frame(WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[LongestHead];
        return [.. head[..WriteHead(head, opcode, payload.Length)], .. payload];
    }

    /// <summary>The next frame from the front of <paramref name="buffer"/>; false where more bytes are needed, or it is malformed.</summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out WebSocketFrame frame)
    {
        frame = default;
        Skip(ref buffer);
        if (Malformed || _skip > 0 || buffer.Length < 2)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[14];
        head = head[..(int)Math.Min(buffer.Length, head.Length)];
        buffer.Slice(0, head.Length).CopyTo(head);
        var opcode = (WebSocketOpcode)(head[0] & 0x0F);
        var isControl = opcode >= WebSocketOpcode.Close;
        var size = (head[1] & 0x7F) switch { 126 => 4, 127 => 10, _ => 2 };
        if (head.Length < size + 4)
        {
            return Fail((head[1] & 0x80) == 0);
        }

        var length = size switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(head[2..]),
            10 => BinaryPrimitives.ReadInt64BigEndian(head[2..]),
            _ => head[1] & 0x7F,
        };

        // Clients mask (§5.1), nobody has negotiated an extension, and control frames are short and whole (§5.5).
        if ((head[1] & 0x80) == 0 || (head[0] & 0x70) != 0 || length < 0 || !Enum.IsDefined(opcode)
            || (isControl && (length > MostOfControl || (head[0] & 0x80) == 0)))
        {
            return Fail(true);
        }

        if (!isControl)
        {
            _skip = length;
            buffer = buffer.Slice(size + 4);
            Skip(ref buffer);
            frame = new WebSocketFrame(opcode, []);
            return !Malformed;
        }

        if (buffer.Length < size + 4 + length)
        {
            return false;
        }

        var payload = buffer.Slice(size + 4, length).ToArray();
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= head[size + (i & 3)];
        }

        buffer = buffer.Slice(size + 4 + length);
        frame = new WebSocketFrame(opcode, payload);
        return true;
    }

    void Skip(ref ReadOnlySequence<byte> buffer)
    {
        var count = Math.Min(_skip, buffer.Length);
        buffer = buffer.Slice(count);
        _skip -= count;
        _skipped += count;
        Malformed |= _skipped > _mostBytes;
    }

    bool Fail(bool malformed)
    {
        Malformed |= malformed;
        return false;
    }
}
