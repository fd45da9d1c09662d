using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>The four header bytes of an MPEG-1 or MPEG-2 audio frame (ISO/IEC 11172-3 §2.4.1.3, ISO/IEC 13818-3 §2.4.1.3, and "MPEG-2.5").</summary>
/// <remarks>
/// <code>
/// sync(11) version(2) layer(2) protection(1) | bitrate(4) rate(2) padding(1) private(1) | mode(2) …
/// </code>
/// </remarks>
public readonly record struct MpegAudioHeader(int Layer, int SampleRate, int Channels, int SamplesPerFrame, int Bitrate, int FrameLength)
{
    /// <summary>Whether the frame is of MPEG-1: the object type of the stream descriptors of MPEG-4 and MPEG-2 systems depends on it.</summary>
    public bool IsMpeg1 => SampleRate >= 32_000;

    static readonly int[] Rates = [44_100, 48_000, 32_000];

    static readonly short[] Kilobits1 =
    [
        0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];

    static readonly short[] Kilobits2 =
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
        0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160,
    ];

    public static bool TryParse(ReadOnlySpan<byte> frame, out MpegAudioHeader header)
    {
        header = default;
        if (frame.Length < 4 || frame[0] != 0xFF || (frame[1] & 0xE0) != 0xE0)
        {
            return false;
        }

        var (version, layer, bitrate, rate) = ((frame[1] >> 3) & 3, 4 - ((frame[1] >> 1) & 3), frame[2] >> 4, (frame[2] >> 2) & 3);
        if (version == 1 || layer == 4 || bitrate is 0 or 15 || rate == 3)   // 0 is "free format", which no muxer can measure
        {
            return false;
        }

        var mpeg1 = version == 3;
        var hz = Rates[rate] >> (mpeg1 ? 0 : version == 2 ? 1 : 2);
        var bits = 1_000 * (mpeg1 ? Kilobits1[(layer - 1) * 15 + bitrate] : Kilobits2[(layer == 1 ? 0 : 15) + bitrate]);
        var samples = layer == 1 ? 384 : layer == 3 && !mpeg1 ? 576 : 1_152;
        var padding = (frame[2] >> 1) & 1;
        var length = layer == 1 ? (12 * bits / hz + padding) * 4 : samples / 8 * bits / hz + padding;
        header = new MpegAudioHeader(layer, hz, frame[3] >> 6 == 3 ? 1 : 2, samples, bits, length);
        return true;
    }

    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> frame, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!TryParse(frame, out var header))
        {
            return false;
        }

        track = new TrackInfo
        {
            Id = trackId,
            Codec = Codec.Mp3,
            Timescale = header.SampleRate,
            CodecString = "mp4a.40.34",   // what Apple's authoring rules ask for; mp4a.6B names the same
            SampleRate = header.SampleRate,
            Channels = header.Channels,
            SamplesPerFrame = header.SamplesPerFrame,
        };
        return true;
    }
}
