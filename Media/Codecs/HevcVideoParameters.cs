namespace Tributary.Media.Codecs;

/// <summary>The timing in an HEVC video parameter set (ITU-T H.265 §7.3.2.1), which some encoders write there only.</summary>
static class HevcVideoParameters
{
    const int MaxLayerSets = 1_024;

    /// <summary>Frames per second times 1,000; 0 where the set does not say or cannot be read.</summary>
    public static int MilliFramesPerSecond(ReadOnlySpan<byte> nal)
    {
        if (nal.Length < 4 || ((nal[0] >> 1) & 0x3F) != NalUnits.HevcVps)
        {
            return 0;
        }

        var bits = new BitReader(nal[2..], escaped: true);
        bits.Skip(12);   // ids, base layer flags, vps_max_layers_minus1
        var subLayers = bits.ReadInt(3);
        bits.Skip(17);   // vps_temporal_id_nesting_flag, vps_reserved_0xffff_16bits
        HevcSequenceParameters.SkipProfileTierLevel(ref bits, subLayers);
        for (var i = bits.ReadFlag() ? 0 : subLayers; i <= subLayers; i++)
        {
            bits.ReadUe();
            bits.ReadUe();
            bits.ReadUe();
        }

        var layers = bits.ReadInt(6) + 1;
        var sets = bits.ReadUe();
        if (sets >= MaxLayerSets)
        {
            return 0;
        }

        bits.Skip((int)sets * layers);
        var present = bits.ReadFlag();   // vps_timing_info_present_flag
        var unitsInTick = bits.ReadBits(32);
        var timeScale = bits.ReadBits(32);
        return present && !bits.Overrun ? VideoFormat.MilliFps(timeScale, unitsInTick) : 0;
    }
}
