namespace Tributary.Media.Codecs;

/// <summary>
/// Reads bits, most significant first. Reading beyond the end gives zeros and sets <see cref="Overrun"/>, so a parser reads its fields straight
/// through and asks once at the end; nothing here throws.
/// </summary>
/// <param name="data">The bytes.</param>
/// <param name="escaped">Whether emulation prevention bytes (00 00 03, ITU-T H.264 §7.3.1) are to be left out.</param>
public ref struct BitReader(ReadOnlySpan<byte> data, bool escaped = false)
{
    readonly ReadOnlySpan<byte> _data = data;
    readonly bool _escaped = escaped;
    int _next;
    int _zeros;
    uint _current;
    int _left;

    /// <summary>Whether more was asked for than there was, or a code was longer than its type allows.</summary>
    public bool Overrun { get; private set; }

    /// <summary>Bits not yet read; an upper limit where the data is escaped.</summary>
    public readonly int BitsLeft => _left + (_data.Length - _next) * 8;

    public bool ReadFlag() => ReadBits(1) != 0;

    /// <summary>0 to 32 bits.</summary>
    public uint ReadBits(int count)
    {
        uint value = 0;
        while (count > 0)
        {
            if (_left == 0 && !Fill())
            {
                return 0;
            }

            var take = Math.Min(count, _left);
            _left -= take;
            count -= take;
            value = take == 32 ? _current : (value << take) | ((_current >> _left) & ((1u << take) - 1));
        }

        return value;
    }

    public int ReadInt(int count) => (int)ReadBits(count);

    public void Skip(int count)
    {
        for (; count > 0 && !Overrun; count -= 32)
        {
            ReadBits(Math.Min(count, 32));
        }
    }

    /// <summary>Unsigned Exp-Golomb code, ue(v) of ITU-T H.264 §9.1; uvlc() of AV1 is the same code.</summary>
    public uint ReadUe()
    {
        var zeros = 0;
        while (!ReadFlag())
        {
            if (Overrun || ++zeros > 31)
            {
                Overrun = true;
                return 0;
            }
        }

        return zeros == 0 ? 0 : (1u << zeros) - 1 + ReadBits(zeros);
    }

    /// <summary>Signed Exp-Golomb code, se(v) of ITU-T H.264 §9.1.1.</summary>
    public int ReadSe()
    {
        var code = ReadUe();
        return (code & 1) != 0 ? (int)(code / 2 + 1) : -(int)(code / 2);
    }

    /// <summary>To the next byte boundary.</summary>
    public void Align() => _left = 0;

    bool Fill()
    {
        if (_escaped && _zeros >= 2 && _next < _data.Length && _data[_next] == 3)
        {
            _next++;
            _zeros = 0;
        }

        if (_next >= _data.Length)
        {
            Overrun = true;
            return false;
        }

        _current = _data[_next++];
        _zeros = _current == 0 ? _zeros + 1 : 0;
        _left = 8;
        return true;
    }
}
