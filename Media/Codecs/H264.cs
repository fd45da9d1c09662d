using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>H.264 (ITU-T H.264) as an AVCDecoderConfigurationRecord describes it (ISO/IEC 14496-15 §5.3.3.1).</summary>
/// <remarks>
/// <code>
/// 0 version = 1 | 1 profile | 2 compatibility | 3 level | 4 111111 lengthSizeMinusOne(2) | 5 111 numSPS(5) | (len16 SPS)* | numPPS(8) | (len16 PPS)* | …
/// </code>
/// </remarks>
public static class H264
{
    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> avcC, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!TryReadFormat(avcC, out var format))
        {
            return false;
        }

        track = new TrackInfo
        {
            Id = trackId,
            Codec = Codec.H264,
            Timescale = MediaTime.Hz90k,
            DecoderConfig = avcC.ToArray(),
            CodecString = CodecString(avcC),
            Width = format.Width,
            Height = format.Height,
            MilliFramesPerSecond = format.MilliFramesPerSecond,
        };
        return true;
    }

    /// <summary>The picture format in the first SPS; false where the record is cut short, has no readable SPS or no PPS.</summary>
    public static bool TryReadFormat(ReadOnlySpan<byte> avcC, out VideoFormat format)
    {
        format = default;
        if (avcC.Length < 7 || avcC[0] != 1 || (avcC[4] & 3) == 2)   // a length of three bytes is not allowed
        {
            return false;
        }

        var (hasSps, hasPps) = (false, false);
        var sets = NalUnits.ParameterSets(Codec.H264, avcC);
        while (sets.MoveNext())
        {
            var type = NalUnits.TypeOf(sets.Current, Codec.H264);
            hasPps |= type == NalUnits.H264Pps;
            if (type == NalUnits.H264Sps && !hasSps)
            {
                hasSps = H264SequenceParameters.TryParse(sets.Current, out var sps);
                format = sps.Format;
            }
        }

        return hasSps && hasPps && !sets.Malformed;
    }

    /// <summary>avc1.PPCCLL (RFC 6381 §3.3).</summary>
    static string CodecString(ReadOnlySpan<byte> avcC) =>
        string.Create(CultureInfo.InvariantCulture, $"avc1.{avcC[1]:x2}{avcC[2]:x2}{avcC[3]:x2}");
}
