namespace Tributary.Media.Codecs;

/// <summary>What is needed of an HEVC sequence parameter set (ITU-T H.265 §7.3.2.2).</summary>
public readonly record struct HevcSequenceParameters(VideoFormat Format)
{
    const int MaxShortTermSets = 64;
    const int MaxPictures = 16;

    /// <summary>Reads a whole NAL unit, its two header bytes included. False where it is cut short or means nothing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> nal, out HevcSequenceParameters parameters)
    {
        parameters = default;
        if (nal.Length < 4 || ((nal[0] >> 1) & 0x3F) != NalUnits.HevcSps)
        {
            return false;
        }

        var bits = new BitReader(nal[2..], escaped: true);
        bits.Skip(4);   // sps_video_parameter_set_id
        var subLayers = bits.ReadInt(3);
        bits.Skip(1);
        SkipProfileTierLevel(ref bits, subLayers);
        bits.ReadUe();   // sps_seq_parameter_set_id
        var format = ReadSize(ref bits);
        if (bits.Overrun || !format.HasPlausibleSize)
        {
            return false;
        }

        // Whatever goes wrong behind the size costs the VUI's facts and no more.
        var reached = TrySkipToUsability(ref bits, subLayers);
        var withUsability = reached && bits.ReadFlag() ? ReadUsability(ref bits, format) : format;
        parameters = new HevcSequenceParameters(bits.Overrun ? format : withUsability);
        return true;
    }

    /// <summary>§7.3.3: 88 bits of profile and 8 of level, then the same for each sub-layer that says so.</summary>
    internal static void SkipProfileTierLevel(ref BitReader bits, int subLayers)
    {
        bits.Skip(96);
        Span<bool> present = stackalloc bool[16];
        for (var i = 0; i < subLayers; i++)
        {
            present[2 * i] = bits.ReadFlag();
            present[2 * i + 1] = bits.ReadFlag();
        }

        if (subLayers > 0)
        {
            bits.Skip(2 * (8 - subLayers));
        }

        for (var i = 0; i < subLayers; i++)
        {
            bits.Skip((present[2 * i] ? 88 : 0) + (present[2 * i + 1] ? 8 : 0));
        }
    }

    static VideoFormat ReadSize(ref BitReader bits)
    {
        var chroma = bits.ReadUe();
        var separatePlanes = chroma == 3 && bits.ReadFlag();
        long width = bits.ReadUe();
        long height = bits.ReadUe();
        if (bits.ReadFlag())   // conformance_window_flag
        {
            var unitX = !separatePlanes && chroma is 1 or 2 ? 2 : 1;
            var unitY = !separatePlanes && chroma == 1 ? 2 : 1;
            width -= unitX * ((long)bits.ReadUe() + bits.ReadUe());
            height -= unitY * ((long)bits.ReadUe() + bits.ReadUe());
        }

        var depth = 8 + bits.ReadUe();
        bits.ReadUe();   // bit_depth_chroma_minus8
        return new VideoFormat
        {
            Width = width is > 0 and <= VideoFormat.MaxSide ? (int)width : 0,
            Height = height is > 0 and <= VideoFormat.MaxSide ? (int)height : 0,
            Chroma = (int)Math.Min(chroma, 3),
            BitDepth = (int)Math.Min(depth, 16),
        };
    }

    static bool TrySkipToUsability(ref BitReader bits, int subLayers)
    {
        var orderBits = bits.ReadUe() + 4;   // log2_max_pic_order_cnt_lsb_minus4
        for (var i = bits.ReadFlag() ? 0 : subLayers; i <= subLayers; i++)
        {
            SkipUe(ref bits, 3);
        }

        SkipUe(ref bits, 6);   // coding and transform block sizes and depths
        if (bits.ReadFlag() && bits.ReadFlag())   // scaling_list_enabled_flag, sps_scaling_list_data_present_flag
        {
            SkipScalingLists(ref bits);
        }

        bits.Skip(2);   // amp_enabled_flag, sample_adaptive_offset_enabled_flag
        if (bits.ReadFlag())   // pcm_enabled_flag
        {
            bits.Skip(8);
            SkipUe(ref bits, 2);
            bits.Skip(1);
        }

        if (orderBits > 16 || !TrySkipShortTermSets(ref bits))
        {
            return false;
        }

        if (bits.ReadFlag())   // long_term_ref_pics_present_flag
        {
            for (var i = Math.Min(bits.ReadUe(), 33); i > 0; i--)
            {
                bits.Skip((int)orderBits + 1);
            }
        }

        bits.Skip(2);   // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
        return !bits.Overrun;
    }

    static void SkipUe(ref BitReader bits, int count)
    {
        for (; count > 0; count--)
        {
            bits.ReadUe();
        }
    }

    // §7.3.4
    static void SkipScalingLists(ref BitReader bits)
    {
        for (var size = 0; size < 4; size++)
        {
            for (var matrix = 0; matrix < 6 && !bits.Overrun; matrix += size == 3 ? 3 : 1)
            {
                if (!bits.ReadFlag())
                {
                    bits.ReadUe();   // scaling_list_pred_matrix_id_delta
                    continue;
                }

                SkipUe(ref bits, Math.Min(64, 1 << (4 + (size << 1))) + (size > 1 ? 1 : 0));   // se(v) is as long as ue(v)
            }
        }
    }

    // §7.3.7: each set may be predicted from the one before it, whose number of pictures therefore has to be known.
    static bool TrySkipShortTermSets(ref BitReader bits)
    {
        var sets = bits.ReadUe();
        if (sets > MaxShortTermSets)
        {
            return false;
        }

        var pictures = 0;
        for (uint set = 0; set < sets && !bits.Overrun; set++)
        {
            pictures = set > 0 && bits.ReadFlag() ? SkipPredictedSet(ref bits, pictures) : SkipExplicitSet(ref bits);
            if (pictures > MaxPictures)
            {
                return false;
            }
        }

        return true;
    }

    static int SkipPredictedSet(ref BitReader bits, int before)
    {
        bits.Skip(1);
        bits.ReadUe();
        var pictures = 0;
        for (var i = 0; i <= before; i++)
        {
            var used = bits.ReadFlag();
            pictures += used || bits.ReadFlag() ? 1 : 0;   // use_delta_flag only where not used_by_curr_pic_flag
        }

        return pictures;
    }

    static int SkipExplicitSet(ref BitReader bits)
    {
        var pictures = (long)bits.ReadUe() + bits.ReadUe();
        for (var i = Math.Min(pictures, MaxPictures); i > 0; i--)
        {
            bits.ReadUe();
            bits.Skip(1);
        }

        return (int)Math.Min(pictures, MaxPictures + 1);
    }

    // ITU-T H.265 §E.2.1
    static VideoFormat ReadUsability(ref BitReader bits, VideoFormat format)
    {
        format = VideoUsability.ReadCommon(ref bits, format);
        bits.Skip(1);   // neutral_chroma_indication_flag
        var fields = bits.ReadFlag();
        bits.Skip(1);   // frame_field_info_present_flag
        if (bits.ReadFlag())   // default_display_window_flag
        {
            SkipUe(ref bits, 4);
        }

        if (!bits.ReadFlag())   // vui_timing_info_present_flag
        {
            return format;
        }

        var unitsInTick = bits.ReadBits(32);
        var timeScale = bits.ReadBits(32);
        return format with { MilliFramesPerSecond = VideoFormat.MilliFps(timeScale, unitsInTick * (fields ? 2UL : 1UL)) };
    }
}
