using System.Buffers.Binary;
using System.Numerics;

namespace Tributary.Media.Journal;

/// <summary>What a record of a journal says.</summary>
public enum JournalRecordType : byte
{
    None,

    /// <summary>The first of every journal: whose it is.</summary>
    Volume,

    /// <summary>A track's configuration, for the parts that follow.</summary>
    Track,

    /// <summary>A segment of the stream's timeline begins.</summary>
    Segment,

    /// <summary>A part was written to its track's media file.</summary>
    Part,

    /// <summary>A track's share of a segment is complete.</summary>
    SegmentEnd,

    /// <summary>Nothing follows: the journal was ended in order, or repaired.</summary>
    End,
}

/// <summary>
/// The frame around what a journal says: a crash at any byte leaves whole records and perhaps a torn one, which its length or its checksum gives away.
/// </summary>
/// <remarks>
/// <code>
/// length(16) type(8) zero(8) CRC-32C(32) payload(length)      little endian; the checksum covers length, type and payload
/// </code>
/// </remarks>
public static class JournalRecord
{
    public const int Head = 8;

    /// <summary>Bytes that a payload may have.</summary>
    public const int MaxPayload = ushort.MaxValue;

    /// <summary>Closes the record whose payload was written behind <see cref="Head"/> bytes. Returns its length.</summary>
    public static int Seal(Span<byte> record, JournalRecordType type, int payload)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(record, (ushort)payload);
        record[2] = (byte)type;
        record[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Checksum(record, payload));
        return Head + payload;
    }

    /// <summary>The first record of <paramref name="data"/>. False: it is torn, damaged or not there.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out JournalRecordType type, out ReadOnlySpan<byte> payload)
    {
        type = JournalRecordType.None;
        payload = default;
        if (data.Length < Head)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(data);
        if (data.Length - Head < length || data[3] != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(data[4..]) != Checksum(data, length))
        {
            return false;
        }

        type = (JournalRecordType)data[2];
        payload = data.Slice(Head, length);
        return true;
    }

    /// <summary>CRC-32C (RFC 3720 §12.1), by the processor's own instruction where it has one.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> data, uint crc = 0)
    {
        crc = ~crc;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (var octet in data)
        {
            crc = BitOperations.Crc32C(crc, octet);
        }

        return ~crc;
    }

    static uint Checksum(ReadOnlySpan<byte> record, int payload) =>
        Crc32C(record.Slice(Head, payload), Crc32C(record[..4]));
}
