using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>VP9, and the configuration record that VP8 shares with it (VP Codec ISO Media File Format Binding §2.2).</summary>
/// <remarks>
/// <code>
/// 0 profile | 1 level | 2 bitDepth(4) chroma(3) fullRange(1) | 3 primaries | 4 transfer | 5 matrix | 6-7 size of initialisation data = 0
/// </code>
/// <see cref="TrackInfo.DecoderConfig"/> holds these eight bytes; the version and flags of the box are the muxer's.
/// </remarks>
public static class Vp9
{
    internal const int RecordSize = 8;
    const int FullBoxHeader = 4;
    const int SyncCode = 0x49_83_42;
    const int ColourSpaceRgb = 7;

    /// <summary>Luma samples per second and per picture of the levels (VP9 levels, The WebM Project), as 10 times the level's number.</summary>
    static readonly (byte Level, long Rate, long Picture)[] Levels =
    [
        (10, 829_440, 36_864), (11, 2_764_800, 73_728), (20, 4_608_000, 122_880), (21, 9_216_000, 245_760),
        (30, 20_736_000, 552_960), (31, 36_864_000, 983_040), (40, 83_558_400, 2_228_224), (41, 160_432_128, 2_228_224),
        (50, 311_951_360, 8_912_896), (51, 588_251_136, 8_912_896), (52, 1_176_502_272, 8_912_896),
        (60, 1_176_502_272, 35_651_584), (61, 2_353_004_544, 35_651_584), (62, 4_706_009_088, 35_651_584),
    ];

    internal static bool TryCreateTrack(Codec codec, int trackId, ReadOnlySpan<byte> vpcC, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;

        // The version and flags of a full box are 1, 0, 0, 0; a bare record has a bit depth where the third byte of that is zero.
        var record = vpcC.Length >= FullBoxHeader + RecordSize && vpcC.StartsWith<byte>([1, 0, 0, 0]) ? vpcC[FullBoxHeader..] : vpcC;
        if (record.Length < RecordSize || record[0] > 3 || record[2] >> 4 is not (8 or 10 or 12))
        {
            return false;
        }

        track = Create(codec, trackId, record[..RecordSize], 0, 0);   // the size comes with the first key frame
        return true;
    }

    internal static bool TryCreateTrackFromFrame(int trackId, ReadOnlySpan<byte> frame, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!TryParseKeyFrame(frame, out var profile, out var format))
        {
            return false;
        }

        var (colour, transfer, matrix) = (format.ColourPrimaries, format.TransferCharacteristics, format.MatrixCoefficients);
        var chroma = format.Chroma;   // 1: 4:2:0 with chroma at the place of luma (0, 0); 2: 4:2:2; 3: 4:4:4
        Span<byte> record =
        [
            (byte)profile, Level(format.Width, format.Height), (byte)((format.BitDepth << 4) | (chroma << 1) | (format.FullRange ? 1 : 0)),
            (byte)colour, (byte)transfer, (byte)matrix, 0, 0,
        ];
        track = Create(Codec.Vp9, trackId, record, format.Width, format.Height);
        return true;
    }

    internal static TrackInfo Create(Codec codec, int trackId, ReadOnlySpan<byte> record, int width, int height) => new()
    {
        Id = trackId,
        Codec = codec,
        Timescale = MediaTime.Hz90k,
        DecoderConfig = record.ToArray(),
        CodecString = CodecString(codec, record),
        Width = width,
        Height = height,
    };

    /// <summary>The picture format in the uncompressed header of a key frame (VP9 bitstream specification §6.2); false for any other frame.</summary>
    public static bool TryParseKeyFrame(ReadOnlySpan<byte> frame, out int profile, out VideoFormat format)
    {
        format = new VideoFormat();
        var bits = new BitReader(frame);
        var marker = bits.ReadInt(2);
        profile = bits.ReadInt(1) | (bits.ReadInt(1) << 1);
        var reserved = profile == 3 && bits.ReadFlag();
        var notKey = bits.ReadFlag() | bits.ReadFlag();   // show_existing_frame, frame_type
        bits.Skip(2);                                     // show_frame, error_resilient_mode
        if (marker != 2 || reserved || notKey || bits.ReadBits(24) != SyncCode)
        {
            return false;
        }

        format = ReadColour(ref bits, profile) with { Width = bits.ReadInt(16) + 1, Height = bits.ReadInt(16) + 1 };
        return !bits.Overrun && format.HasPlausibleSize;
    }

    /// <summary>Whether decoding can start at the frame, by the same header.</summary>
    public static bool IsKeyFrame(ReadOnlySpan<byte> frame) => TryParseKeyFrame(frame, out _, out _);

    static VideoFormat ReadColour(ref BitReader bits, int profile)
    {
        var depth = profile < 2 ? 8 : bits.ReadFlag() ? 12 : 10;
        var space = bits.ReadInt(3);
        var oddProfile = (profile & 1) != 0;
        var (fullRange, subX, subY) = (true, false, false);
        if (space != ColourSpaceRgb)
        {
            fullRange = bits.ReadFlag();
            (subX, subY) = oddProfile ? (bits.ReadFlag(), bits.ReadFlag()) : (true, true);
        }

        if (oddProfile)
        {
            bits.Skip(1);
        }

        var (primaries, transfer, matrix) = Colour(space);
        return new VideoFormat
        {
            BitDepth = depth,
            Chroma = subX && subY ? 1 : subX ? 2 : 3,
            FullRange = fullRange,
            ColourPrimaries = primaries,
            TransferCharacteristics = transfer,
            MatrixCoefficients = matrix,
        };
    }

    // color_space (§7.2.2) in the numbers of ITU-T H.273.
    static (int Primaries, int Transfer, int Matrix) Colour(int space) => space switch
    {
        1 => (6, 6, 6),     // BT.601
        2 => (1, 1, 1),     // BT.709
        3 => (6, 6, 6),     // SMPTE 170
        4 => (7, 7, 7),     // SMPTE 240
        5 => (9, 14, 9),    // BT.2020
        7 => (1, 13, 0),    // sRGB
        _ => (2, 2, 2),
    };

    static byte Level(long width, long height)
    {
        var picture = width * height;
        foreach (var (level, rate, largest) in Levels)
        {
            if (picture <= largest && picture * 30 <= rate)   // the frame rate is not in the stream; 30 is what most players plan for
            {
                return level;
            }
        }

        return Levels[^1].Level;
    }

    /// <summary>vp09.PP.LL.DD, with the optional fields where they say more than the defaults (VP9 ISOBMFF §4).</summary>
    static string CodecString(Codec codec, ReadOnlySpan<byte> record)
    {
        var name = codec == Codec.Vp8 ? "vp08" : "vp09";
        var (depth, chroma, full) = (record[2] >> 4, (record[2] >> 1) & 7, record[2] & 1);
        var text = string.Create(CultureInfo.InvariantCulture, $"{name}.{record[0]:d2}.{record[1]:d2}.{depth:d2}");
        return chroma <= 1 && full == 0 && record[4] is not (16 or 18)
            ? text
            : string.Create(CultureInfo.InvariantCulture, $"{text}.{chroma:d2}.{record[3]:d2}.{record[4]:d2}.{record[5]:d2}.{full:d2}");
    }
}
