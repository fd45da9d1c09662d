namespace Tributary.Media.Codecs;

/// <summary>What a sequence header says about its pictures. Colour numbers are those of ITU-T H.273; 2 means that the encoder did not say.</summary>
public readonly record struct VideoFormat
{
    public VideoFormat()
    {
    }

    /// <summary>Width in luma samples after cropping.</summary>
    public int Width { get; init; }

    /// <summary>Height in luma samples after cropping.</summary>
    public int Height { get; init; }

    /// <summary>Width of a sample relative to <see cref="SampleAspectHeight"/>; 1:1 where not said.</summary>
    public int SampleAspectWidth { get; init; } = 1;

    public int SampleAspectHeight { get; init; } = 1;

    /// <summary>Frames per second times 1,000 as declared; 0 where not said.</summary>
    public int MilliFramesPerSecond { get; init; }

    public int BitDepth { get; init; } = 8;

    /// <summary>chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.</summary>
    public int Chroma { get; init; } = 1;

    public int ColourPrimaries { get; init; } = 2;

    public int TransferCharacteristics { get; init; } = 2;

    public int MatrixCoefficients { get; init; } = 2;

    public bool FullRange { get; init; }

    /// <summary>The largest picture side that is believed; level 6.2 of H.264 and HEVC ends at 16,888.</summary>
    internal const int MaxSide = 16_888;

    internal bool HasPlausibleSize => Width is > 0 and <= MaxSide && Height is > 0 and <= MaxSide;

    /// <summary>Rounded to the nearest thousandth; 0 where the numbers mean nothing (a rate of 0, or above 1,000 per second).</summary>
    internal static int MilliFps(ulong timeScale, ulong unitsPerFrame)
    {
        if (unitsPerFrame == 0 || timeScale > unitsPerFrame * 1_000)
        {
            return 0;
        }

        return (int)((timeScale * 1_000 + unitsPerFrame / 2) / unitsPerFrame);
    }

    /// <summary>aspect_ratio_idc 1 to 16 of ITU-T H.264 table E-1 (the same in H.265).</summary>
    internal static (int Width, int Height) SampleAspect(uint idc) => idc switch
    {
        2 => (12, 11),
        3 => (10, 11),
        4 => (16, 11),
        5 => (40, 33),
        6 => (24, 11),
        7 => (20, 11),
        8 => (32, 11),
        9 => (80, 33),
        10 => (18, 11),
        11 => (15, 11),
        12 => (64, 33),
        13 => (160, 99),
        14 => (4, 3),
        15 => (3, 2),
        16 => (2, 1),
        _ => (1, 1),
    };
}
