using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text.Json;

namespace Orleans.Runtime;

enum FrameType : byte
{
    Hello = 1,
    Answer,
    Proof,
    Message = 10,
    Ping = 20,
    Pong,
    /// <summary>The membership table has changed: read it.</summary>
    TableChanged,
    /// <summary>The clients of the sender's gateway.</summary>
    Clients,
    RemindersChanged,
    /// <summary>Does this grain live on the receiver?</summary>
    Ask,
    Reply,
    /// <summary>The sender is about to stop: send new calls elsewhere.</summary>
    Leaving,
    /// <summary>
    /// No request comes over this connection after this frame. Over a heartbeat, in answer to <see cref="Leaving"/>: no request comes at all but what is before
    /// that frame on a connection for messages; and whether there is one.
    /// </summary>
    LastRequest
}

/// <summary>One frame: <c>length of the rest (4, little endian) | type (1) | payload</c>.</summary>
static class Frames
{
    public const int HeaderLength = 5;

    /// <summary>Handshakes and heartbeats are short; longer ones are no such.</summary>
    public const int LongestControl = 1 << 20;

    /// <summary>Fills in the first bytes of a frame whose payload stands behind them.</summary>
    public static byte[] Seal(byte[] frame, FrameType type)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - 4);
        frame[4] = (byte)type;
        return frame;
    }

    public static FrameType TypeOf(byte[] frame) => (FrameType)frame[4];

    public static byte[] Of<T>(FrameType type, T value)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value);
        var frame = new byte[HeaderLength + body.Length];
        body.CopyTo(frame, HeaderLength);
        return Seal(frame, type);
    }

    /// <summary>Takes the next frame off the buffer; false when it is not whole yet. Throws on a length that no frame has.</summary>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int longest, out FrameType type, out ReadOnlySequence<byte> payload)
    {
        (type, payload) = (default, default);
        if (buffer.Length < HeaderLength)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderLength];
        buffer.Slice(0, HeaderLength).CopyTo(header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length < 1 || length > longest)
        {
            // RFC 8446 §5.1: a handshake record begins so.
            throw new InvalidDataException(header[0] == 22 && header[1] == 3
                ? "The other end speaks TLS where this one has none."
                : $"A frame of {length} bytes is not accepted; the limit is {longest}.");
        }

        if (buffer.Length < 4L + length)
        {
            return false;
        }

        type = (FrameType)header[4];
        payload = buffer.Slice(HeaderLength, length - 1);
        buffer = buffer.Slice(4L + length);
        return true;
    }

    /// <summary>Waits for one frame of the given type, for handshakes.</summary>
    public static async Task<T> Read<T>(PipeReader input, FrameType expected, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (TryRead(ref buffer, LongestControl, out var type, out var payload))
            {
                var value = type == expected ? JsonSerializer.Deserialize<T>(payload.ToArray()) : default;
                input.AdvanceTo(buffer.Start);
                return value ?? throw new InvalidDataException($"{expected} was expected, {type} came.");
            }

            input.AdvanceTo(buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new EndOfStreamException("The other end closed the connection before the handshake was over.");
            }
        }
    }
}
