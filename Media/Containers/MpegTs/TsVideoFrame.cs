using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>
/// A length-prefixed frame as the byte stream of a PES packet (ITU-T H.264 and H.265 Annex B): an access unit delimiter first, then, at a key frame that
/// does not bring its own, the parameter sets of the configuration, then the frame's NAL units behind start codes.
/// </summary>
readonly ref struct TsVideoFrame
{
    const int StartCodeSize = 4;

    readonly ReadOnlySpan<byte> _frame;
    readonly ReadOnlySpan<byte> _config;
    readonly Codec _codec;
    readonly int _lengthSize;
    readonly bool _addsParameterSets;

    public TsVideoFrame(in Frame frame)
    {
        _frame = frame.Data.Span;
        _config = frame.Track.DecoderConfig.Span;
        _codec = frame.Track.Codec;
        _lengthSize = NalUnits.LengthSize(_codec, _config);
        Length = StartCodeSize + Delimiter.Length;
        var hasParameterSets = false;
        foreach (var nal in NalUnits.LengthPrefixed(_frame, _lengthSize))
        {
            if (IsKept(nal))
            {
                Length += StartCodeSize + nal.Length;
                hasParameterSets |= NalUnits.TypeOf(nal, _codec) == (_codec == Codec.H264 ? NalUnits.H264Sps : NalUnits.HevcSps);
            }
        }

        _addsParameterSets = frame.IsKey && !hasParameterSets;
        if (_addsParameterSets)
        {
            foreach (var set in NalUnits.ParameterSets(_codec, _config))
            {
                Length += StartCodeSize + set.Length;
            }
        }
    }

    /// <summary>Bytes that <see cref="Write"/> appends.</summary>
    public int Length { get; }

    // primary_pic_type 7 and pic_type 2: any slice type; then rbsp_trailing_bits.
    ReadOnlySpan<byte> Delimiter => _codec == Codec.H264 ? [0x09, 0xF0] : [0x46, 0x01, 0x50];

    static ReadOnlySpan<byte> StartCode => [0, 0, 0, 1];

    public static void Write(ref TsPacketWriter writer, scoped TsVideoFrame content)
    {
        Append(ref writer, content.Delimiter);
        if (content._addsParameterSets)
        {
            foreach (var set in NalUnits.ParameterSets(content._codec, content._config))
            {
                Append(ref writer, set);
            }
        }

        foreach (var nal in NalUnits.LengthPrefixed(content._frame, content._lengthSize))
        {
            if (content.IsKept(nal))
            {
                Append(ref writer, nal);
            }
        }
    }

    static void Append(ref TsPacketWriter writer, scoped ReadOnlySpan<byte> nal)
    {
        writer.Append(StartCode);
        writer.Append(nal);
    }

    // The encoder's own delimiter would be the second.
    bool IsKept(ReadOnlySpan<byte> nal) =>
        !nal.IsEmpty
        && NalUnits.TypeOf(nal, _codec) != (_codec == Codec.H264 ? NalUnits.H264AccessUnitDelimiter : NalUnits.HevcAccessUnitDelimiter);
}
