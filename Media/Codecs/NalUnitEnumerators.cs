using System.Buffers.Binary;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>Walks NAL units that stand behind their lengths (ISO/IEC 14496-15 §5.3.3).</summary>
public ref struct LengthPrefixedNalUnits(ReadOnlySpan<byte> frame, int lengthSize)
{
    readonly int _lengthSize = Math.Clamp(lengthSize, 1, 4);
    ReadOnlySpan<byte> _rest = frame;

    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Whether the walk ended at a length that did not fit, or at too few bytes for a length.</summary>
    public bool Malformed { get; private set; }

    public readonly LengthPrefixedNalUnits GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.Length < _lengthSize)
        {
            Malformed |= !_rest.IsEmpty;
            return false;
        }

        uint length = 0;
        foreach (var part in _rest[.._lengthSize])
        {
            length = (length << 8) | part;
        }

        _rest = _rest[_lengthSize..];
        if (length > (uint)_rest.Length)
        {
            Malformed = true;
            return false;
        }

        Current = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }
}

/// <summary>Walks NAL units that stand behind start codes; zero bytes before a start code belong to no unit (ITU-T H.264 §B.1).</summary>
public ref struct AnnexBNalUnits
{
    ReadOnlySpan<byte> _rest;

    internal AnnexBNalUnits(ReadOnlySpan<byte> stream)
    {
        var start = NextStartCode(stream);
        _rest = start < 0 ? default : stream[(start + 3)..];
    }

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly AnnexBNalUnits GetEnumerator() => this;

    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var end = NextStartCode(_rest);
            Current = (end < 0 ? _rest : _rest[..end]).TrimEnd((byte)0);
            _rest = end < 0 ? default : _rest[(end + 3)..];
            if (!Current.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    static int NextStartCode(ReadOnlySpan<byte> data) => data.IndexOf([(byte)0, (byte)0, (byte)1]);
}

/// <summary>
/// Walks the parameter sets of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1) or an HEVCDecoderConfigurationRecord (§8.3.3.1).
/// The SEI messages that encoders put beside them in the latter (x265 its options, 2 kB of text) are left out.
/// </summary>
public ref struct ParameterSets
{
    readonly bool _hevc;
    ReadOnlySpan<byte> _rest;
    int _arrays;
    int _left;

    internal ParameterSets(Codec codec, ReadOnlySpan<byte> config)
    {
        _hevc = codec == Codec.Hevc;
        var fixedPart = _hevc ? 23 : 5;
        Malformed = config.Length <= fixedPart - (_hevc ? 1 : 0);
        if (!Malformed)
        {
            _rest = config[fixedPart..];
            _arrays = _hevc ? config[22] : 2;
        }
    }

    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Whether the walk ended before the record's own counts were satisfied.</summary>
    public bool Malformed { get; private set; }

    public readonly ParameterSets GetEnumerator() => this;

    public bool MoveNext()
    {
        while (MoveNextUnit())
        {
            if (!_hevc || NalUnits.TypeOf(Current, Codec.Hevc) is >= NalUnits.HevcVps and <= NalUnits.HevcPps)
            {
                return true;
            }
        }

        return false;
    }

    bool MoveNextUnit()
    {
        while (_left == 0)
        {
            if (_arrays == 0 || Malformed || !OpenArray())
            {
                return false;
            }
        }

        if (_rest.Length < 2 || _rest.Length - 2 < BinaryPrimitives.ReadUInt16BigEndian(_rest))
        {
            return Fail();
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(_rest);
        Current = _rest.Slice(2, length);
        _rest = _rest[(2 + length)..];
        _left--;
        return true;
    }

    // avcC: one count of 5 bits for SPS, one of 8 bits for PPS. hvcC: type (8 bits) and count (16 bits) of each array.
    bool OpenArray()
    {
        var header = _hevc ? 3 : 1;
        if (_rest.Length < header)
        {
            return Fail();
        }

        _left = _hevc ? BinaryPrimitives.ReadUInt16BigEndian(_rest[1..]) : _rest[0] & (_arrays == 2 ? 0x1F : 0xFF);
        _rest = _rest[header..];
        _arrays--;
        return true;
    }

    bool Fail()
    {
        Malformed = true;
        _left = 0;
        _rest = default;
        return false;
    }
}
