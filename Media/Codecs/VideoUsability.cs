namespace Tributary.Media.Codecs;

/// <summary>The first part of the VUI parameters, which H.264 (ITU-T H.264 §E.1.1) and HEVC (ITU-T H.265 §E.2.1) share up to the chroma location.</summary>
static class VideoUsability
{
    const uint ExtendedSar = 255;

    public static VideoFormat ReadCommon(ref BitReader bits, VideoFormat format)
    {
        if (bits.ReadFlag())   // aspect_ratio_info_present_flag
        {
            format = ReadSampleAspect(ref bits, format);
        }

        if (bits.ReadFlag())   // overscan_info_present_flag
        {
            bits.Skip(1);
        }

        if (bits.ReadFlag())   // video_signal_type_present_flag
        {
            format = ReadSignalType(ref bits, format);
        }

        if (bits.ReadFlag())   // chroma_loc_info_present_flag
        {
            bits.ReadUe();
            bits.ReadUe();
        }

        return format;
    }

    static VideoFormat ReadSampleAspect(ref BitReader bits, VideoFormat format)
    {
        var idc = bits.ReadBits(8);
        var (width, height) = VideoFormat.SampleAspect(idc);
        if (idc == ExtendedSar)
        {
            (width, height) = (bits.ReadInt(16), bits.ReadInt(16));
        }

        var known = width != 0 && height != 0;   // 0 means unspecified
        return format with { SampleAspectWidth = known ? width : 1, SampleAspectHeight = known ? height : 1 };
    }

    static VideoFormat ReadSignalType(ref BitReader bits, VideoFormat format)
    {
        bits.Skip(3);
        format = format with { FullRange = bits.ReadFlag() };
        if (!bits.ReadFlag())   // colour_description_present_flag
        {
            return format;
        }

        return format with
        {
            ColourPrimaries = bits.ReadInt(8),
            TransferCharacteristics = bits.ReadInt(8),
            MatrixCoefficients = bits.ReadInt(8),
        };
    }
}
