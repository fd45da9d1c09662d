namespace Tributary.Media.Codecs;

/// <summary>Walks the open bitstream units of a temporal unit in the low-overhead format (AV1 bitstream specification §5.3).</summary>
/// <remarks>
/// <code>
/// forbidden(1) type(4) extension(1) has_size(1) reserved(1) | temporal(3) spatial(2) reserved(3) if extension | leb128 size if has_size | payload
/// </code>
/// </remarks>
public ref struct Av1Obus(ReadOnlySpan<byte> data)
{
    public const int SequenceHeader = 1;
    public const int TemporalDelimiter = 2;
    public const int FrameHeader = 3;
    public const int Frame = 6;

    ReadOnlySpan<byte> _rest = data;

    /// <summary>The payload of the current unit, without its header.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>The current unit with its header.</summary>
    public ReadOnlySpan<byte> Whole { get; private set; }

    public int Type { get; private set; }

    public bool MoveNext()
    {
        if (_rest.IsEmpty || (_rest[0] & 0x80) != 0)
        {
            return false;
        }

        Type = (_rest[0] >> 3) & 0xF;
        var header = (_rest[0] & 4) != 0 ? 2 : 1;
        long size = _rest.Length - header;
        if ((_rest[0] & 2) != 0 && !TryReadLeb128(_rest, ref header, out size))
        {
            return false;
        }

        if (header > _rest.Length || size > _rest.Length - header)
        {
            return false;
        }

        Current = _rest.Slice(header, (int)size);
        Whole = _rest[..(header + (int)size)];
        _rest = _rest[Whole.Length..];
        return true;
    }

    /// <summary>Finds and reads the first sequence header.</summary>
    public static bool TryFindSequenceHeader(ReadOnlySpan<byte> data, out Av1SequenceHeader header, out ReadOnlySpan<byte> whole)
    {
        var obus = new Av1Obus(data);
        while (obus.MoveNext())
        {
            if (obus.Type == SequenceHeader)
            {
                whole = obus.Whole;
                return Av1SequenceHeader.TryParse(obus.Current, out header);
            }
        }

        header = default;
        whole = default;
        return false;
    }

    /// <summary>Whether the temporal unit starts a coded video sequence: a sequence header, then a shown key frame (§5.9.2).</summary>
    public static bool IsKeyFrame(ReadOnlySpan<byte> temporalUnit)
    {
        var hasHeader = false;
        var obus = new Av1Obus(temporalUnit);
        while (obus.MoveNext())
        {
            hasHeader |= obus.Type == SequenceHeader;
            if (obus.Type is Frame or FrameHeader)
            {
                // show_existing_frame(1) frame_type(2) show_frame(1)
                return hasHeader && !obus.Current.IsEmpty && obus.Current[0] >> 4 == 0b0001;
            }
        }

        return false;
    }

    static bool TryReadLeb128(ReadOnlySpan<byte> data, ref int position, out long value)
    {
        value = 0;
        for (var i = 0; i < 8 && position < data.Length; i++)
        {
            var part = data[position++];
            value |= (long)(part & 0x7F) << (7 * i);
            if ((part & 0x80) == 0)
            {
                return value <= uint.MaxValue;
            }
        }

        return false;
    }
}
