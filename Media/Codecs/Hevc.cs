using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>HEVC (ITU-T H.265) as an HEVCDecoderConfigurationRecord describes it (ISO/IEC 14496-15 §8.3.3.1).</summary>
/// <remarks>
/// <code>
///  0 version = 1 | 1 space(2) tier(1) profile(5) | 2-5 compatibility flags | 6-11 constraint flags | 12 level
/// 13-14 segmentation | 15 parallelism | 16 chroma | 17-18 bit depths | 19-20 frame rate | 21 … lengthSizeMinusOne(2)
/// 22 number of arrays | (type(8) count(16) (len16 NAL)*)*
/// </code>
/// </remarks>
public static class Hevc
{
    const int FixedPart = 23;

    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> hvcC, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!TryReadFormat(hvcC, out var format))
        {
            return false;
        }

        track = new TrackInfo
        {
            Id = trackId,
            Codec = Codec.Hevc,
            Timescale = MediaTime.Hz90k,
            DecoderConfig = hvcC.ToArray(),
            CodecString = CodecString(hvcC),
            Width = format.Width,
            Height = format.Height,
            MilliFramesPerSecond = format.MilliFramesPerSecond,
        };
        return true;
    }

    /// <summary>The picture format in the first SPS; false where the record is cut short, or lacks a readable SPS, a VPS or a PPS.</summary>
    public static bool TryReadFormat(ReadOnlySpan<byte> hvcC, out VideoFormat format)
    {
        format = default;
        if (hvcC.Length < FixedPart || hvcC[0] > 1 || (hvcC[21] & 3) == 2)   // old encoders write version 0
        {
            return false;
        }

        var (hasVps, hasSps, hasPps, vpsRate) = (false, false, false, 0);
        var sets = NalUnits.ParameterSets(Codec.Hevc, hvcC);
        while (sets.MoveNext())
        {
            switch (NalUnits.TypeOf(sets.Current, Codec.Hevc))
            {
                case NalUnits.HevcVps when !hasVps:
                    (hasVps, vpsRate) = (true, HevcVideoParameters.MilliFramesPerSecond(sets.Current));
                    break;
                case NalUnits.HevcSps when !hasSps:
                    hasSps = HevcSequenceParameters.TryParse(sets.Current, out var sps);
                    format = sps.Format;
                    break;
                case NalUnits.HevcPps:
                    hasPps = true;
                    break;
            }
        }

        if (format.MilliFramesPerSecond == 0)
        {
            format = format with { MilliFramesPerSecond = vpsRate };
        }

        return hasVps && hasSps && hasPps && !sets.Malformed;
    }

    /// <summary>
    /// hvc1, profile, compatibility flags in reverse bit order, tier and level, constraint bytes without the trailing zeros
    /// (ISO/IEC 14496-15 Annex E.3), for example <c>hvc1.1.6.L93.b0</c>.
    /// </summary>
    static string CodecString(ReadOnlySpan<byte> hvcC)
    {
        var text = new StringBuilder("hvc1.");
        if (hvcC[1] >> 6 is > 0 and var space)
        {
            text.Append((char)('A' + space - 1));
        }

        var compatibility = BinaryPrimitives.ReadUInt32BigEndian(hvcC[2..]);
        var tier = (hvcC[1] & 0x20) != 0 ? 'H' : 'L';
        text.Append(CultureInfo.InvariantCulture, $"{hvcC[1] & 0x1F}.{Reverse(compatibility):x}.{tier}{hvcC[12]}");
        foreach (var constraint in hvcC[6..12].TrimEnd((byte)0))
        {
            text.Append(CultureInfo.InvariantCulture, $".{constraint:x}");
        }

        return text.ToString();
    }

    static uint Reverse(uint value)
    {
        uint reversed = 0;
        for (var i = 0; i < 32; i++, value >>= 1)
        {
            reversed = (reversed << 1) | (value & 1);
        }

        return reversed;
    }
}
