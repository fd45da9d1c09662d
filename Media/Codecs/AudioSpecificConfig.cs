namespace Tributary.Media.Codecs;

/// <summary>
/// AudioSpecificConfig of MPEG-4 audio (ISO/IEC 14496-3 §1.6.2.1), with SBR and PS where they are signalled explicitly, either in front (object types
/// 5 and 29) or behind (sync extension 0x2B7). Implicit signalling cannot be seen here, and the core's facts are given.
/// </summary>
public readonly record struct AudioSpecificConfig
{
    const int Sbr = 5;
    const int ErBsac = 22;
    const int Ps = 29;
    const int LowDelay = 23;
    const int EnhancedLowDelay = 39;
    const int MaxSampleRate = 384_000;

    static readonly int[] SampleRates =
        [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

    /// <summary>Object type of the core: 2 for AAC-LC, also below SBR.</summary>
    public int ObjectType { get; private init; }

    public int CoreSampleRate { get; private init; }

    /// <summary>Index of <see cref="CoreSampleRate"/> in table 1.18, by value where it was written out; -1 where no index has it.</summary>
    public int FrequencyIndex { get; private init; }

    /// <summary>channelConfiguration; 0 where a program config element lists the channels.</summary>
    public int ChannelConfiguration { get; private init; }

    public bool HasSbr { get; private init; }

    public bool HasPs { get; private init; }

    /// <summary>Samples per second of what a decoder gives: after SBR.</summary>
    public int SampleRate { get; private init; }

    /// <summary>Channels of what a decoder gives: after PS.</summary>
    public int Channels { get; private init; }

    /// <summary>Samples per frame at <see cref="SampleRate"/>: 1,024 or 960, 512 or 480 for the low delay types, twice that with SBR.</summary>
    public int SamplesPerFrame { get; private init; }

    /// <summary>The object type of the codec string: 29 with PS, 5 with SBR, else the core's.</summary>
    public int SignalledObjectType => HasPs ? Ps : HasSbr ? Sbr : ObjectType;

    public static bool TryParse(ReadOnlySpan<byte> data, out AudioSpecificConfig config)
    {
        config = default;
        var bits = new BitReader(data);
        var type = ReadObjectType(ref bits);
        var coreRate = ReadSampleRate(ref bits);
        var channelConfiguration = bits.ReadInt(4);
        var (sbr, ps, rate) = (type is Sbr or Ps, type == Ps, coreRate);
        if (sbr)
        {
            rate = ReadSampleRate(ref bits);
            type = ReadObjectType(ref bits);
            if (type == ErBsac)
            {
                bits.Skip(4);
            }
        }

        var (shortFrames, channels) = ReadSpecific(ref bits, type, channelConfiguration);
        if (bits.Overrun || coreRate is 0 or > MaxSampleRate || channels == 0)
        {
            return false;
        }

        if (!sbr)
        {
            (sbr, ps, rate) = ReadTrailingExtension(ref bits, coreRate);
        }

        if (rate is 0 or > MaxSampleRate)
        {
            return false;
        }

        var samples = type is LowDelay or EnhancedLowDelay ? (shortFrames ? 480 : 512) : shortFrames ? 960 : 1024;
        config = new AudioSpecificConfig
        {
            ObjectType = type,
            CoreSampleRate = coreRate,
            FrequencyIndex = Array.IndexOf(SampleRates, coreRate),
            ChannelConfiguration = channelConfiguration,
            HasSbr = sbr,
            HasPs = ps,
            SampleRate = rate,
            Channels = ps && channels == 1 ? 2 : channels,
            SamplesPerFrame = (int)((long)samples * rate / coreRate),
        };
        return true;
    }

    static int ReadObjectType(ref BitReader bits)
    {
        var type = bits.ReadInt(5);
        return type == 31 ? 32 + bits.ReadInt(6) : type;
    }

    static int ReadSampleRate(ref BitReader bits)
    {
        var index = bits.ReadInt(4);
        return index == 15 ? bits.ReadInt(24) : index < SampleRates.Length ? SampleRates[index] : 0;
    }

    // GASpecificConfig (§4.4.1) for the types that have one. Others end here: their channels are those of the channel configuration.
    static (bool ShortFrames, int Channels) ReadSpecific(ref BitReader bits, int type, int channelConfiguration)
    {
        var channels = Channel(channelConfiguration);
        if (type == EnhancedLowDelay)
        {
            return (bits.ReadFlag(), channels);
        }

        if (type is not (1 or 2 or 3 or 4 or 6 or 7 or 17 or (>= 19 and <= 23)))
        {
            return (false, channels);
        }

        var shortFrames = bits.ReadFlag();
        if (bits.ReadFlag())   // dependsOnCoreCoder
        {
            bits.Skip(14);
        }

        var extension = bits.ReadFlag();
        if (channelConfiguration == 0)
        {
            channels = ReadProgramConfig(ref bits);
        }

        if (type is 6 or 20)
        {
            bits.Skip(3);
        }

        if (extension)
        {
            bits.Skip(type == ErBsac ? 17 : type is 17 or 19 or 20 or 23 ? 4 : 1);
        }

        if (type >= 17)
        {
            bits.Skip(2);   // epConfig
        }

        return (shortFrames, channels);
    }

    static int Channel(int configuration) => configuration switch
    {
        >= 1 and <= 6 => configuration,
        7 or 12 or 14 => 8,
        11 => 7,
        13 => 24,
        _ => 0,
    };

    // program_config_element (§4.4.1.1): a channel pair counts twice.
    static int ReadProgramConfig(ref BitReader bits)
    {
        bits.Skip(10);
        var elements = bits.ReadInt(4) + bits.ReadInt(4) + bits.ReadInt(4);
        var lfe = bits.ReadInt(2);
        var data = bits.ReadInt(3);
        var coupling = bits.ReadInt(4);
        bits.Skip(bits.ReadFlag() ? 4 : 0);   // mono mixdown
        bits.Skip(bits.ReadFlag() ? 4 : 0);   // stereo mixdown
        bits.Skip(bits.ReadFlag() ? 3 : 0);   // matrix mixdown
        var channels = lfe;
        for (; elements > 0; elements--)
        {
            channels += bits.ReadFlag() ? 2 : 1;
            bits.Skip(4);
        }

        bits.Skip(4 * lfe + 4 * data + 5 * coupling);
        bits.Align();
        bits.Skip(8 * bits.ReadInt(8));   // comment
        return channels;
    }

    // §1.6.5: what is left of the data may begin with a sync word and say that SBR, then PS follows.
    static (bool Sbr, bool Ps, int Rate) ReadTrailingExtension(ref BitReader bits, int coreRate)
    {
        if (bits.BitsLeft < 16 || bits.ReadBits(11) != 0x2B7 || ReadObjectType(ref bits) != Sbr || !bits.ReadFlag())
        {
            return (false, false, coreRate);
        }

        var rate = ReadSampleRate(ref bits);
        var ps = bits.BitsLeft >= 12 && bits.ReadBits(11) == 0x548 && bits.ReadFlag();
        return bits.Overrun ? (false, false, coreRate) : (true, ps, rate);
    }
}
