using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// How long frames are: stsz or stz2 (ISO/IEC 14496-12 §8.7.3), as the file has them, and the sum of every <see cref="Block"/> frames, so that the place
/// of a frame in a chunk of any length is found with few additions.
/// </summary>
sealed class SampleSizes
{
    const int Block = 512;

    readonly BigEndianTable _table;
    readonly uint _uniform;
    readonly long[] _sums;   // of all frames before a block

    SampleSizes(BigEndianTable table, uint uniform, int count)
    {
        (_table, _uniform, Count) = (table, uniform, count);
        _sums = new long[uniform > 0 ? 0 : count / Block + 1];
        for (var i = 1; i < _sums.Length; i++)
        {
            _sums[i] = _sums[i - 1] + table.Sum((i - 1) * Block, i * Block);
        }
    }

    public int Count { get; }

    public long TotalBytes => SumTo(Count);

    public long MemoryBytes => 8L * _sums.Length + (_uniform > 0 ? 0 : 4L * Count);

    public static bool TryReadStsz(ReadOnlyMemory<byte> box, [NotNullWhen(true)] out SampleSizes? sizes)
    {
        sizes = null;
        if (box.Length < 12)
        {
            return false;
        }

        var (uniform, count) = (BinaryPrimitives.ReadUInt32BigEndian(box.Span[4..]), BinaryPrimitives.ReadUInt32BigEndian(box.Span[8..]));
        if (uniform > 0)
        {
            sizes = count <= int.MaxValue ? new SampleSizes(default, uniform, (int)count) : null;
        }
        else if (BigEndianTable.TryRead(box, 8, 4, out var table))
        {
            sizes = new SampleSizes(table, 0, table.Count);
        }

        return sizes is not null;
    }

    /// <summary>Compact sizes of 4, 8 or 16 bits, which are written out.</summary>
    public static bool TryReadStz2(ReadOnlyMemory<byte> box, [NotNullWhen(true)] out SampleSizes? sizes)
    {
        sizes = null;
        if (box.Length < 12)
        {
            return false;
        }

        var (bits, count) = (box.Span[7], BinaryPrimitives.ReadUInt32BigEndian(box.Span[8..]));
        var packed = box.Span[12..];
        if (bits is not (4 or 8 or 16) || count > (long)packed.Length * 8 / bits)
        {
            return false;
        }

        var written = new byte[12 + 4 * (int)count];
        BinaryPrimitives.WriteUInt32BigEndian(written.AsSpan(8), count);
        for (var i = 0; i < (int)count; i++)
        {
            var size = bits switch
            {
                4 => packed[i >> 1] >> ((i & 1) == 0 ? 4 : 0) & 0xF,
                8 => packed[i],
                _ => BinaryPrimitives.ReadUInt16BigEndian(packed[(2 * i)..]),
            };
            BinaryPrimitives.WriteInt32BigEndian(written.AsSpan(12 + 4 * i), size);
        }

        return TryReadStsz(written, out sizes);
    }

    public uint SizeOf(int frame) => _uniform > 0 ? _uniform : _table.U32(frame);

    /// <summary>Bytes of the frames from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public long Sum(int from, int to) => _uniform > 0 ? (long)(to - from) * _uniform : to - from < Block ? _table.Sum(from, to) : SumTo(to) - SumTo(from);

    long SumTo(int frame) =>
        _uniform > 0 ? (long)frame * _uniform : _sums[frame / Block] + _table.Sum(frame / Block * Block, frame);
}
