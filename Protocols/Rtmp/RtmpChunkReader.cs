using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// Puts messages together from chunks (RTMP 1.0 §5.3). A payload is copied once, from the connection's buffer into frame memory, as it
/// arrives: a chunk need not be there whole, and no more memory is taken than bytes have come or a slab has.
/// <code>
///  +--------------+----------------+--------------------+--------------+
///  | Basic Header | Message Header | Extended Timestamp |  Chunk Data  |
///  |  1, 2 or 3   |  11, 7, 3 or 0 |       0 or 4       | ≤ chunk size |
///  +--------------+----------------+--------------------+--------------+
/// </code>
/// </summary>
sealed class RtmpChunkReader(FrameArena arena, RtmpLimits limits) : IDisposable
{
    const int LongestHeader = 3 + 11 + 4;
    const uint ExtendedMark = 0xFFFFFF;
    const int LongestChunk = 0xFFFFFF;

    /// <summary>
    /// Milliseconds. A longer step than this between two messages of a chunk stream is taken for a sender's mistake (see
    /// <see cref="Advance"/>).
    /// </summary>
    const uint LongestImpliedStep = 10_000;

    readonly Dictionary<int, RtmpChunkStream> _streams = [];
    RtmpChunkStream? _current;
    int _chunkLeft;
    int _chunkSize = 128;
    int _pending;
    int _proven = FramePool.DefaultSlabSize;

    enum Step
    {
        NeedMore,
        Done,
        Failed,
    }

    public RtmpEnd End { get; private set; }

    /// <summary>The most bytes that a message may announce from now on.</summary>
    public int MaxMessageBytes { get; set; } = limits.MaxMessageBytes;

    /// <summary>The most bytes that unfinished messages may hold from now on.</summary>
    public int MaxPendingBytes { get; set; } = limits.MaxPendingBytes;

    /// <summary>Where payloads that begin from now on are put together.</summary>
    public FrameArena Arena { get; set; } = arena;

    /// <summary>Memory held for unfinished messages, in bytes.</summary>
    public int PendingBytes => _pending;

    /// <summary>
    /// Obeys the peer's Set Chunk Size (§5.4.1): 1 to 2^31-1, of which more than a message's greatest length makes no difference.
    /// </summary>
    public bool TrySetChunkSize(uint size)
    {
        if (size is 0 or >= 0x80000000)
        {
            return false;
        }

        _chunkSize = (int)Math.Min(size, LongestChunk);
        return true;
    }

    /// <summary>Drops the unfinished message of a chunk stream (§5.4.2).</summary>
    public void Abort(uint chunkStreamId)
    {
        if (chunkStreamId <= int.MaxValue && _streams.TryGetValue((int)chunkStreamId, out var stream))
        {
            Drop(stream);
        }
    }

    /// <summary>The next whole message; false where more bytes are needed or <see cref="End"/> says why none will come.</summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out RtmpRawMessage message)
    {
        message = default;
        while (End == RtmpEnd.None)
        {
            if (_current is null && ReadHeader(ref buffer) != Step.Done)
            {
                return false;
            }

            if (!TryTakePayload(ref buffer))
            {
                return false;
            }

            var stream = _current!;
            if (_chunkLeft > 0)
            {
                return false;
            }

            _current = null;
            if (stream.Received == stream.Length)
            {
                message = Finish(stream);
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        foreach (var stream in _streams.Values)
        {
            Drop(stream);
        }
    }

    Step ReadHeader(ref ReadOnlySequence<byte> buffer)
    {
        // 1. At most 18 bytes, in one piece.
        Span<byte> head = stackalloc byte[LongestHeader];
        var have = (int)Math.Min(buffer.Length, LongestHeader);
        buffer.Slice(0, have).CopyTo(head);
        head = head[..have];

        // 2. Basic header (§5.3.1.1).
        if (!TryReadBasicHeader(head, out var type, out var id, out var used))
        {
            return Step.NeedMore;
        }

        _streams.TryGetValue(id, out var stream);
        if (type != 0 && stream is not { HasHeader: true })
        {
            return Fail(RtmpEnd.BadChunk);
        }

        // 3. Message header and extended timestamp (§5.3.1.2, §5.3.1.3).
        var step = type == 3
            ? ReadRepeated(head[used..], stream!, out var more)
            : ReadMessageHeader(head[used..], type, id, ref stream, out more);
        if (step != Step.Done)
        {
            return step;
        }

        buffer = buffer.Slice(used + more);
        _current = stream;
        _chunkLeft = Math.Min(_chunkSize, stream!.Length - stream.Received);
        return Step.Done;
    }

    static bool TryReadBasicHeader(ReadOnlySpan<byte> head, out int type, out int id, out int used)
    {
        (type, id, used) = (0, 0, 0);
        if (head.IsEmpty)
        {
            return false;
        }

        type = head[0] >> 6;
        id = head[0] & 0x3F;
        used = id switch { 0 => 2, 1 => 3, _ => 1 };
        if (head.Length < used)
        {
            return false;
        }

        id = used switch
        {
            2 => 64 + head[1],
            3 => 64 + head[1] + 256 * head[2],
            _ => id,
        };
        return true;
    }

    Step ReadMessageHeader(ReadOnlySpan<byte> head, int type, int id, ref RtmpChunkStream? stream, out int used)
    {
        used = type switch { 0 => 11, 1 => 7, _ => 3 };
        if (head.Length < used)
        {
            return Step.NeedMore;
        }

        var field = ReadUInt24(head);
        var isExtended = field == ExtendedMark;
        if (isExtended)
        {
            if (head.Length < used + 4)
            {
                return Step.NeedMore;
            }

            field = BinaryPrimitives.ReadUInt32BigEndian(head[used..]);
            used += 4;
        }

        var length = type == 2 ? stream!.Length : (int)ReadUInt24(head[3..]);
        if (length > MaxMessageBytes)
        {
            return Fail(RtmpEnd.MessageTooLarge);
        }

        if (stream is null)
        {
            if (_streams.Count == limits.MaxChunkStreams)
            {
                return Fail(RtmpEnd.TooManyChunkStreams);
            }

            _streams.Add(id, stream = new RtmpChunkStream());
        }
        else if (stream.InMessage)
        {
            return Fail(RtmpEnd.BadChunk);
        }

        if (type != 2)
        {
            stream.Length = length;
            stream.Type = (RtmpMessageType)head[6];
        }

        if (type == 0)
        {
            stream.StreamId = BinaryPrimitives.ReadUInt32LittleEndian(head[7..]);
        }

        stream.HasHeader = true;
        stream.TimestampField = field;
        stream.IsExtended = isExtended;
        stream.IsAbsolute = type == 0;
        stream.Timestamp = type == 0 ? field : stream.Timestamp + field;
        stream.InMessage = true;
        return Step.Done;
    }

    /// <summary>
    /// A type 3 chunk repeats the header, and with it the extended timestamp (§5.3.1.3). Some encoders leave those four bytes out, so they
    /// are taken only where they are what would be repeated: the field itself or the message's timestamp.
    /// </summary>
    Step ReadRepeated(ReadOnlySpan<byte> head, RtmpChunkStream stream, out int used)
    {
        used = 0;
        if (stream.Length > MaxMessageBytes)
        {
            return Fail(RtmpEnd.MessageTooLarge);
        }

        if (stream.IsExtended)
        {
            Span<byte> field = stackalloc byte[4];
            Span<byte> time = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(field, stream.TimestampField);
            BinaryPrimitives.WriteUInt32BigEndian(time, stream.Timestamp);
            var seen = head[..Math.Min(4, head.Length)];
            if (seen.SequenceEqual(field[..seen.Length]) || seen.SequenceEqual(time[..seen.Length]))
            {
                if (seen.Length < 4)
                {
                    return Step.NeedMore;
                }

                used = 4;
            }
        }

        if (!stream.InMessage)
        {
            Advance(stream);
            stream.InMessage = true;
        }

        return Step.Done;
    }

    /// <summary>
    /// A message that begins with a type 3 chunk is as much later as the last header said; after a type 0 header that is the absolute time
    /// itself (§5.3.1.2.4). Relays exist that send it for "at the same time" instead: a step of hours is theirs, and counts as none.
    /// </summary>
    static void Advance(RtmpChunkStream stream)
    {
        if (!stream.IsAbsolute || stream.TimestampField <= LongestImpliedStep)
        {
            stream.Timestamp += stream.TimestampField;
        }
    }

    bool TryTakePayload(ref ReadOnlySequence<byte> buffer)
    {
        var stream = _current!;
        var count = (int)Math.Min(_chunkLeft, buffer.Length);
        if (count > 0)
        {
            if (!TryHold(stream, stream.Received + count))
            {
                return false;
            }

            buffer.Slice(0, count).CopyTo(stream.Data.Writable[stream.Received..]);
            buffer = buffer.Slice(count);
            stream.Received += count;
            _chunkLeft -= count;
        }

        return true;
    }

    /// <summary>
    /// Memory for the first <paramref name="bytes"/> of a message: all of it at once where a slab holds it or where this peer has sent one
    /// as long before, else twice what it had. So a header that lies costs a slab at most.
    /// </summary>
    bool TryHold(RtmpChunkStream stream, int bytes)
    {
        var held = stream.Data.Length;
        if (held >= bytes)
        {
            return true;
        }

        var wanted = Math.Min(stream.Length, Math.Max(bytes, Math.Max(_proven, 2 * held)));
        if (_pending - held + wanted > MaxPendingBytes)
        {
            Fail(RtmpEnd.TooManyPendingBytes);
            return false;
        }

        var data = Arena.Allocate(wanted);
        stream.Data.Span[..stream.Received].CopyTo(data.Writable);
        stream.Data.Release();
        stream.Data = data;
        _pending += wanted - held;
        return true;
    }

    RtmpRawMessage Finish(RtmpChunkStream stream)
    {
        var message = new RtmpRawMessage(stream.Type, stream.StreamId, stream.Timestamp, stream.Data);
        _proven = Math.Max(_proven, stream.Length);
        Forget(stream);
        return message;
    }

    void Drop(RtmpChunkStream stream)
    {
        stream.Data.Release();
        Forget(stream);
        if (_current == stream)
        {
            _current = null;
        }
    }

    void Forget(RtmpChunkStream stream)
    {
        _pending -= stream.Data.Length;
        stream.Data = default;
        stream.Received = 0;
        stream.InMessage = false;
    }

    Step Fail(RtmpEnd reason)
    {
        End = reason;
        return Step.Failed;
    }

    static uint ReadUInt24(ReadOnlySpan<byte> bytes) => (uint)(bytes[0] << 16 | bytes[1] << 8 | bytes[2]);
}
