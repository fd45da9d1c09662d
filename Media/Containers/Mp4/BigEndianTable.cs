using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// The rows of a table in a full box, left as the file has them: version and flags, fields of the box, a count, rows of equal size. A table of a
/// million rows is read where a frame is looked up, and not before.
/// </summary>
readonly struct BigEndianTable
{
    readonly ReadOnlyMemory<byte> _rows;
    readonly int _rowSize;

    BigEndianTable(ReadOnlyMemory<byte> rows, int rowSize, int count) => (_rows, _rowSize, Count) = (rows, rowSize, count);

    public int Count { get; }

    /// <summary>False where the count stands for more rows than the box has.</summary>
    /// <param name="box">Payload of the box.</param>
    /// <param name="countAt">Where in it the 32-bit count stands; rows follow.</param>
    /// <param name="rowSize">Bytes of a row.</param>
    public static bool TryRead(ReadOnlyMemory<byte> box, int countAt, int rowSize, out BigEndianTable table)
    {
        table = default;
        if (box.Length < countAt + 4)
        {
            return false;
        }

        var count = BinaryPrimitives.ReadUInt32BigEndian(box.Span[countAt..]);
        var rows = box[(countAt + 4)..];
        if ((long)count * rowSize > rows.Length)
        {
            return false;
        }

        table = new BigEndianTable(rows, rowSize, (int)count);
        return true;
    }

    /// <summary>All rows: for whoever reads many at once.</summary>
    public ReadOnlySpan<byte> Rows => _rows.Span[..(Count * _rowSize)];

    /// <summary>A 32-bit field of a row.</summary>
    public uint U32(int row, int at = 0) => BinaryPrimitives.ReadUInt32BigEndian(_rows.Span[(row * _rowSize + at)..]);

    /// <summary>A 64-bit field of a row.</summary>
    public ulong U64(int row) => BinaryPrimitives.ReadUInt64BigEndian(_rows.Span[(row * _rowSize)..]);

    /// <summary>The sum of 32-bit rows from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public long Sum(int from, int to)
    {
        long sum = 0;
        var rows = _rows.Span[(from * 4)..(to * 4)];
        for (; rows.Length >= 4; rows = rows[4..])
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(rows);
        }

        return sum;
    }
}
