using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>Facts about NAL units of H.264 (ITU-T H.264 table 7-1) and HEVC (ITU-T H.265 table 7-1), and the two ways of storing them.</summary>
public static class NalUnits
{
    public const int H264Slice = 1;
    public const int H264Idr = 5;
    public const int H264Sei = 6;
    public const int H264Sps = 7;
    public const int H264Pps = 8;
    public const int H264AccessUnitDelimiter = 9;

    public const int HevcFirstIrap = 16;
    public const int HevcIdrWithRadl = 19;
    public const int HevcIdrNoLeading = 20;
    public const int HevcCra = 21;
    public const int HevcVps = 32;
    public const int HevcSps = 33;
    public const int HevcPps = 34;
    public const int HevcAccessUnitDelimiter = 35;

    /// <summary>The NAL units of a frame as ISO/IEC 14496-15 stores it, each behind its length. A length that does not fit ends the walk.</summary>
    public static LengthPrefixedNalUnits LengthPrefixed(ReadOnlySpan<byte> frame, int lengthSize = 4) => new(frame, lengthSize);

    /// <summary>The NAL units of a byte stream, each behind a start code (ITU-T H.264 Annex B).</summary>
    public static AnnexBNalUnits AnnexB(ReadOnlySpan<byte> stream) => new(stream);

    /// <summary>The parameter sets in the avcC or hvcC of a track, in the order in which it holds them.</summary>
    public static ParameterSets ParameterSets(Codec codec, ReadOnlySpan<byte> config) => new(codec, config);

    /// <summary>nal_unit_type; -1 for an empty unit or another codec.</summary>
    public static int TypeOf(ReadOnlySpan<byte> nal, Codec codec) => codec switch
    {
        _ when nal.IsEmpty => -1,
        Codec.H264 => nal[0] & 0x1F,
        Codec.Hevc => (nal[0] >> 1) & 0x3F,
        _ => -1,
    };

    /// <summary>The size in bytes of the length before each NAL unit, as avcC (byte 4) and hvcC (byte 21) give it; 4 where they are too short.</summary>
    public static int LengthSize(Codec codec, ReadOnlySpan<byte> config) => codec switch
    {
        Codec.H264 when config.Length > 4 => (config[4] & 3) + 1,
        Codec.Hevc when config.Length > 21 => (config[21] & 3) + 1,
        _ => 4,
    };

    /// <summary>Whether the length-prefixed frame holds a slice of an instantaneous decoding refresh picture.</summary>
    public static bool IsIdr(ReadOnlySpan<byte> frame, Codec codec, int lengthSize = 4)
    {
        foreach (var nal in LengthPrefixed(frame, lengthSize))
        {
            var type = TypeOf(nal, codec);
            if (codec == Codec.H264 ? type == H264Idr : type is HevcIdrWithRadl or HevcIdrNoLeading)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether decoding can start at the length-prefixed frame: an IDR picture of H.264, any random access picture (types 16 to 21) of HEVC.
    /// </summary>
    public static bool IsKeyFrame(ReadOnlySpan<byte> frame, Codec codec, int lengthSize = 4)
    {
        foreach (var nal in LengthPrefixed(frame, lengthSize))
        {
            var type = TypeOf(nal, codec);
            if (codec == Codec.H264 ? type == H264Idr : type is >= HevcFirstIrap and <= HevcCra)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether no other frame refers to this one: nal_ref_idc 0 in H.264, a sub-layer non-reference picture in HEVC.</summary>
    public static bool IsDisposable(ReadOnlySpan<byte> frame, Codec codec, int lengthSize = 4)
    {
        foreach (var nal in LengthPrefixed(frame, lengthSize))
        {
            var type = TypeOf(nal, codec);
            if (codec == Codec.H264 && type is >= H264Slice and <= H264Idr)
            {
                return (nal[0] & 0x60) == 0;
            }

            if (codec == Codec.Hevc && type < 32)
            {
                return type < HevcFirstIrap && (type & 1) == 0;
            }
        }

        return false;
    }
}
