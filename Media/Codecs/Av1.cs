using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>AV1 as an AV1CodecConfigurationRecord describes it (AV1 Codec ISO Media File Format Binding §2.3).</summary>
/// <remarks>
/// <code>
/// 0 marker(1) version(7) = 0x81 | 1 profile(3) level(5) | 2 tier high_bitdepth twelve_bit mono sub_x sub_y position(2) | 3 delay | configOBUs
/// </code>
/// </remarks>
public static class Av1
{
    const int FixedPart = 4;

    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> av1C, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (av1C.Length < FixedPart || av1C[0] != 0x81)
        {
            return false;
        }

        // Without a sequence header in the record the size is known with the first key frame: TrackConfiguration.Complete.
        var format = TryReadFormat(av1C, out var read) ? read : default;
        track = new TrackInfo
        {
            Id = trackId,
            Codec = Codec.Av1,
            Timescale = MediaTime.Hz90k,
            DecoderConfig = av1C.ToArray(),
            CodecString = CodecString(av1C, format),
            Width = format.Width,
            Height = format.Height,
            MilliFramesPerSecond = format.MilliFramesPerSecond,
        };
        return true;
    }

    /// <summary>From a temporal unit with a sequence header, which becomes the record's configOBUs.</summary>
    internal static bool TryCreateTrackFromFrame(int trackId, ReadOnlySpan<byte> temporalUnit, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!Av1Obus.TryFindSequenceHeader(temporalUnit, out var header, out var obu))
        {
            return false;
        }

        var av1C = new byte[FixedPart + obu.Length];
        av1C[0] = 0x81;
        av1C[1] = (byte)((header.Profile << 5) | header.Level);
        av1C[2] = (byte)((header.HighTier ? 0x80 : 0) | (header.Format.BitDepth > 8 ? 0x40 : 0) | (header.Format.BitDepth == 12 ? 0x20 : 0)
            | (header.Monochrome ? 0x10 : 0) | (header.SubsamplingX ? 8 : 0) | (header.SubsamplingY ? 4 : 0) | header.ChromaSamplePosition);
        obu.CopyTo(av1C.AsSpan(FixedPart));
        return TryCreateTrack(trackId, av1C, out track);
    }

    /// <summary>The picture format in the record's sequence header; false where it has none that can be read.</summary>
    public static bool TryReadFormat(ReadOnlySpan<byte> av1C, out VideoFormat format)
    {
        format = default;
        if (av1C.Length < FixedPart || !Av1Obus.TryFindSequenceHeader(av1C[FixedPart..], out var header, out _))
        {
            return false;
        }

        format = header.Format;
        return true;
    }

    /// <summary>
    /// av01.P.LLT.DD, with the colour fields behind it where they say more than the defaults (AV1 ISOBMFF §5): all of them or none.
    /// </summary>
    static string CodecString(ReadOnlySpan<byte> av1C, VideoFormat format)
    {
        var depth = (av1C[2] & 0x60) switch { 0x60 => 12, 0x40 => 10, _ => 8 };
        var tier = (av1C[2] & 0x80) != 0 ? 'H' : 'M';
        var text = string.Create(CultureInfo.InvariantCulture, $"av01.{av1C[1] >> 5}.{av1C[1] & 0x1F:d2}{tier}.{depth:d2}");
        if (format.TransferCharacteristics is not (16 or 18) && !format.FullRange && (av1C[2] & 0x1C) == 0x0C)
        {
            return text;
        }

        var (mono, subX, subY) = ((av1C[2] >> 4) & 1, (av1C[2] >> 3) & 1, (av1C[2] >> 2) & 1);
        var position = subX == 1 && subY == 1 ? av1C[2] & 3 : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{text}.{mono}.{subX}{subY}{position}.{format.ColourPrimaries:d2}.{format.TransferCharacteristics:d2}.{format.MatrixCoefficients:d2}.{(format.FullRange ? 1 : 0)}");
    }
}
