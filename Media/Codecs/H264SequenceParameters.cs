namespace Tributary.Media.Codecs;

/// <summary>What is needed of an H.264 sequence parameter set (ITU-T H.264 §7.3.2.1.1).</summary>
public readonly record struct H264SequenceParameters(byte Profile, byte Constraints, byte Level, VideoFormat Format)
{
    /// <summary>Reads a whole NAL unit, its header byte included. False where it is cut short or means nothing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> nal, out H264SequenceParameters parameters)
    {
        parameters = default;
        if (nal.Length < 5 || (nal[0] & 0x1F) != NalUnits.H264Sps)
        {
            return false;
        }

        var bits = new BitReader(nal[4..], escaped: true);
        var format = ReadChroma(ref bits, nal[1], out var separatePlanes);
        SkipPictureOrder(ref bits);
        format = ReadSize(ref bits, format, separatePlanes);
        if (bits.Overrun || !format.HasPlausibleSize)
        {
            return false;
        }

        // A cut VUI still leaves a picture that decodes, so its facts are dropped and no more.
        var withUsability = bits.ReadFlag() ? ReadUsability(ref bits, format) : format;
        parameters = new H264SequenceParameters(nal[1], nal[2], nal[3], bits.Overrun ? format : withUsability);
        return true;
    }

    static VideoFormat ReadChroma(ref BitReader bits, byte profile, out bool separatePlanes)
    {
        separatePlanes = false;
        bits.ReadUe();   // seq_parameter_set_id
        if (profile is not (100 or 110 or 122 or 244 or 44 or 83 or 86 or 118 or 128 or 138 or 139 or 134 or 135))
        {
            return new VideoFormat();
        }

        var chroma = bits.ReadUe();
        if (chroma == 3)
        {
            separatePlanes = bits.ReadFlag();
        }

        var depth = 8 + bits.ReadUe();
        bits.ReadUe();   // bit_depth_chroma_minus8
        bits.Skip(1);    // qpprime_y_zero_transform_bypass_flag
        if (bits.ReadFlag())
        {
            SkipScalingLists(ref bits, chroma == 3 ? 12 : 8);
        }

        return new VideoFormat { Chroma = (int)Math.Min(chroma, 3), BitDepth = (int)Math.Min(depth, 16) };
    }

    // §7.3.2.1.1.1
    static void SkipScalingLists(ref BitReader bits, int lists)
    {
        for (var list = 0; list < lists && !bits.Overrun; list++)
        {
            if (!bits.ReadFlag())
            {
                continue;
            }

            var (last, next) = (8, 8);
            for (var i = 0; i < (list < 6 ? 16 : 64); i++)
            {
                next = next == 0 ? 0 : (last + bits.ReadSe()) & 0xFF;
                last = next == 0 ? last : next;
            }
        }
    }

    static void SkipPictureOrder(ref BitReader bits)
    {
        bits.ReadUe();   // log2_max_frame_num_minus4
        var type = bits.ReadUe();
        if (type == 0)
        {
            bits.ReadUe();   // log2_max_pic_order_cnt_lsb_minus4
        }
        else if (type == 1)
        {
            bits.Skip(1);
            bits.ReadSe();
            bits.ReadSe();
            var cycle = bits.ReadUe();
            for (uint i = 0; i < cycle && !bits.Overrun; i++)
            {
                bits.ReadSe();
            }
        }

        bits.ReadUe();   // max_num_ref_frames
        bits.Skip(1);    // gaps_in_frame_num_value_allowed_flag
    }

    static VideoFormat ReadSize(ref BitReader bits, VideoFormat format, bool separatePlanes)
    {
        var width = (bits.ReadUe() + 1L) * 16;
        var mapUnits = bits.ReadUe() + 1L;
        var frames = bits.ReadFlag();   // frame_mbs_only_flag
        if (!frames)
        {
            bits.Skip(1);
        }

        bits.Skip(1);   // direct_8x8_inference_flag
        var height = mapUnits * 16 * (frames ? 1 : 2);
        if (bits.ReadFlag())   // frame_cropping_flag, in units of equations 7-19 to 7-22
        {
            var chroma = separatePlanes ? 0 : format.Chroma;
            var unitX = chroma is 1 or 2 ? 2 : 1;
            var unitY = (chroma == 1 ? 2 : 1) * (frames ? 1 : 2);
            width -= unitX * ((long)bits.ReadUe() + bits.ReadUe());
            height -= unitY * ((long)bits.ReadUe() + bits.ReadUe());
        }

        return format with { Width = Side(width), Height = Side(height) };
    }

    static int Side(long value) => value is > 0 and <= VideoFormat.MaxSide ? (int)value : 0;

    static VideoFormat ReadUsability(ref BitReader bits, VideoFormat format)
    {
        format = VideoUsability.ReadCommon(ref bits, format);
        if (!bits.ReadFlag())   // timing_info_present_flag
        {
            return format;
        }

        var unitsInTick = bits.ReadBits(32);
        var timeScale = bits.ReadBits(32);
        return format with { MilliFramesPerSecond = VideoFormat.MilliFps(timeScale, 2UL * unitsInTick) };   // a tick is a field
    }
}
