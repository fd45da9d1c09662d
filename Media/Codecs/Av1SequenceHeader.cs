namespace Tributary.Media.Codecs;

/// <summary>What is needed of an AV1 sequence header OBU (AV1 bitstream specification §5.5).</summary>
public readonly record struct Av1SequenceHeader
{
    const int Unspecified = 2;

    public int Profile { get; private init; }

    public int Level { get; private init; }

    /// <summary>Whether the level is of the high tier.</summary>
    public bool HighTier { get; private init; }

    public int ChromaSamplePosition { get; private init; }

    public bool SubsamplingX { get; private init; }

    public bool SubsamplingY { get; private init; }

    public VideoFormat Format { get; private init; }

    public bool Monochrome => Format.Chroma == 0;

    /// <summary>Reads the payload of an OBU of type 1, without the OBU header. False where it is cut short or means nothing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, out Av1SequenceHeader header)
    {
        header = default;
        var bits = new BitReader(payload);
        var profile = bits.ReadInt(3);
        bits.Skip(1);   // still_picture
        var reduced = bits.ReadFlag();
        var (level, tier, milliFps) = reduced ? (bits.ReadInt(5), false, 0) : ReadOperatingPoints(ref bits);
        var widthBits = bits.ReadInt(4) + 1;
        var heightBits = bits.ReadInt(4) + 1;
        var width = bits.ReadInt(widthBits) + 1;
        var height = bits.ReadInt(heightBits) + 1;
        SkipTools(ref bits, reduced);
        var format = new VideoFormat { Width = width, Height = height, MilliFramesPerSecond = milliFps };
        header = ReadColour(ref bits, profile) with { Profile = profile, Level = level, HighTier = tier };
        header = header with { Format = WithSize(header.Format, format) };
        return !bits.Overrun && profile <= 2 && width <= 65_536 && height <= 65_536;
    }

    static VideoFormat WithSize(VideoFormat colour, VideoFormat size) =>
        colour with { Width = size.Width, Height = size.Height, MilliFramesPerSecond = size.MilliFramesPerSecond };

    static (int Level, bool HighTier, int MilliFps) ReadOperatingPoints(ref BitReader bits)
    {
        var (milliFps, decoderModel, delayBits) = (0, false, 0);
        if (bits.ReadFlag())   // timing_info_present_flag
        {
            milliFps = ReadTiming(ref bits);
            decoderModel = bits.ReadFlag();
            if (decoderModel)
            {
                delayBits = bits.ReadInt(5) + 1;
                bits.Skip(42);
            }
        }

        var displayDelay = bits.ReadFlag();
        var (level, tier) = (0, false);
        var points = bits.ReadInt(5) + 1;
        for (var i = 0; i < points; i++)
        {
            bits.Skip(12);
            var pointLevel = bits.ReadInt(5);
            var pointTier = pointLevel > 7 && bits.ReadFlag();
            if (decoderModel && bits.ReadFlag())
            {
                bits.Skip(2 * delayBits + 1);
            }

            if (displayDelay && bits.ReadFlag())
            {
                bits.Skip(4);
            }

            (level, tier) = i == 0 ? (pointLevel, pointTier) : (level, tier);
        }

        return (level, tier, milliFps);
    }

    static int ReadTiming(ref BitReader bits)
    {
        var unitsInTick = bits.ReadBits(32);
        var timeScale = bits.ReadBits(32);
        var equalIntervals = bits.ReadFlag();
        return equalIntervals ? VideoFormat.MilliFps(timeScale, unitsInTick * (bits.ReadUe() + 1UL)) : 0;
    }

    static void SkipTools(ref BitReader bits, bool reduced)
    {
        if (!reduced && bits.ReadFlag())   // frame_id_numbers_present_flag
        {
            bits.Skip(7);
        }

        bits.Skip(3);   // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
        if (!reduced)
        {
            SkipInterTools(ref bits);
        }

        bits.Skip(3);   // enable_superres, enable_cdef, enable_restoration
    }

    static void SkipInterTools(ref BitReader bits)
    {
        bits.Skip(4);   // enable_interintra_compound … enable_dual_filter
        var orderHint = bits.ReadFlag();
        if (orderHint)
        {
            bits.Skip(2);
        }

        var chooseScreenContent = bits.ReadFlag();
        if (chooseScreenContent || bits.ReadFlag())   // seq_force_screen_content_tools > 0
        {
            if (!bits.ReadFlag())   // seq_choose_integer_mv
            {
                bits.Skip(1);
            }
        }

        if (orderHint)
        {
            bits.Skip(3);
        }
    }

    // §5.5.2
    static Av1SequenceHeader ReadColour(ref BitReader bits, int profile)
    {
        var highBitDepth = bits.ReadFlag();
        var depth = profile == 2 && highBitDepth && bits.ReadFlag() ? 12 : highBitDepth ? 10 : 8;
        var mono = profile != 1 && bits.ReadFlag();
        var (primaries, transfer, matrix) = (Unspecified, Unspecified, Unspecified);
        if (bits.ReadFlag())   // color_description_present_flag
        {
            (primaries, transfer, matrix) = (bits.ReadInt(8), bits.ReadInt(8), bits.ReadInt(8));
        }

        var (fullRange, subX, subY) = (true, profile == 0, profile == 0);
        if (mono)
        {
            (fullRange, subX, subY) = (bits.ReadFlag(), true, true);
        }
        else if ((primaries, transfer, matrix) is not (1, 13, 0))   // sRGB is full range 4:4:4 without saying so
        {
            fullRange = bits.ReadFlag();
            subX = profile == 0 || (profile == 2 && (depth < 12 || bits.ReadFlag()));
            subY = profile == 0 || (profile == 2 && depth == 12 && subX && bits.ReadFlag());
        }
        else
        {
            (subX, subY) = (false, false);
        }

        return new Av1SequenceHeader
        {
            SubsamplingX = subX,
            SubsamplingY = subY,
            ChromaSamplePosition = !mono && subX && subY ? bits.ReadInt(2) : 0,
            Format = new VideoFormat
            {
                BitDepth = depth,
                Chroma = mono ? 0 : subY ? 1 : subX ? 2 : 3,
                ColourPrimaries = primaries,
                TransferCharacteristics = transfer,
                MatrixCoefficients = matrix,
                FullRange = fullRange,
            },
        };
    }
}
