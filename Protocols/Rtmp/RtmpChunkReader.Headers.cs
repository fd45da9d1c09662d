using System.Buffers;
using System.Buffers.Binary;

namespace Tributary.Protocols.Rtmp;

// The headers of a chunk.
sealed partial class RtmpChunkReader
{
    const int LongestHeader = 3 + 11 + 4;
    const uint ExtendedMark = 0xFFFFFF;

    /// <summary>
    /// Milliseconds. A longer step than this between two messages of a chunk stream is taken for a sender's mistake (see
    /// <see cref="Advance"/>).
    /// </summary>
    const uint LongestImpliedStep = 10_000;

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

    static uint ReadUInt24(ReadOnlySpan<byte> bytes) => (uint)(bytes[0] << 16 | bytes[1] << 8 | bytes[2]);
}
