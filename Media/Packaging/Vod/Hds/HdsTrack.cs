using System.Buffers.Binary;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hds;

/// <summary>A track of a fragment as FLV tags: their type, and what stands in each before the frame (FLV specification §E.4.2, §E.4.3).</summary>
sealed class HdsTrack(SegmentTrack track)
{
    /// <summary>Most bytes before a frame: frame type and codec, packet type, composition time.</summary>
    internal const int MaxHead = 5;

    const byte VideoTag = 9;
    const byte AudioTag = 8;

    readonly Codec _codec = track.Track.Info.Codec;
    readonly byte _soundFormat = SoundFormatOf(track.Track.Info);

    internal SegmentRun[] Runs { get; } = track.Runs;

    /// <summary>Frames in all.</summary>
    internal int Count { get; } = track.Count;

    internal bool IsVideo { get; } = track.Track.Kind == TrackKind.Video;

    internal byte TagType => IsVideo ? VideoTag : AudioTag;

    /// <summary>The content of a tag with the decoder configuration: AVC sequence header or AudioSpecificConfig; nothing for MP3.</summary>
    internal byte[] Config { get; } = ConfigOf(track.Track.Info);

    /// <summary>Bytes before a frame.</summary>
    internal int HeadLength => _codec switch { Codec.H264 => MaxHead, Codec.Aac => 2, _ => 1 };

    /// <summary>Writes what stands before a frame, and returns how many bytes that are.</summary>
    internal int WriteHead(Span<byte> head, in SetFrame frame)
    {
        switch (_codec)
        {
            case Codec.H264:
                BinaryPrimitives.WriteInt32BigEndian(head[1..], frame.PtsDelay & 0xFF_FFFF | 1 << 24);
                head[0] = (byte)(frame.IsKey ? 0x17 : 0x27);
                return MaxHead;
            case Codec.Aac:
                (head[0], head[1]) = (0xAF, 1);
                return 2;
            default:
                head[0] = _soundFormat;
                return 1;
        }
    }

    static byte[] ConfigOf(TrackInfo info) => info.Codec switch
    {
        Codec.H264 => [0x17, 0, 0, 0, 0, .. info.DecoderConfig.Span],
        Codec.Aac => [0xAF, 0, .. info.DecoderConfig.Span],
        _ => [],
    };

    // MP3, samples of 16 bits.
    static byte SoundFormatOf(TrackInfo info) => (byte)(0x22 | RateOf(info.SampleRate) << 2 | (info.Channels > 1 ? 1 : 0));

    static int RateOf(int hertz) => hertz switch { >= 44_100 => 3, >= 22_050 => 2, >= 11_025 => 1, _ => 0 };
}
