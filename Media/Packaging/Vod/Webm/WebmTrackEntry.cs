using System.Buffers.Binary;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Webm;

/// <summary>A TrackEntry (RFC 9559 §5.1.4.1), track 1 of its file.</summary>
static class WebmTrackEntry
{
    const uint SeekPreRollNanoseconds = 80_000_000;   // RFC 9559, Opus mapping: 80 ms

    internal static byte[] Write(SetTrack track)
    {
        var info = track.Info;
        var isVideo = track.Kind == TrackKind.Video;
        byte[][] elements =
        [
            EbmlElement.Unsigned(0xD7, 1), EbmlElement.Unsigned(0x73C5, 1), EbmlElement.Unsigned(0x9C, 0),
            EbmlElement.Text(0x86, CodecId(info.Codec)), EbmlElement.Unsigned(0x83, isVideo ? 1u : 2u),
            .. Private(info),
            isVideo
                ? EbmlElement.Of(0xE0, EbmlElement.Unsigned(0xB0, (ulong)info.Width), EbmlElement.Unsigned(0xBA, (ulong)info.Height))
                : EbmlElement.Of(0xE1, EbmlElement.Float(0xB5, info.SampleRate), EbmlElement.Unsigned(0x9F, (ulong)info.Channels)),
        ];
        return EbmlElement.Of(0xAE, elements);
    }

    static string CodecId(Codec codec) => codec switch { Codec.Vp8 => "V_VP8", Codec.Vp9 => "V_VP9", Codec.Opus => "A_OPUS", _ => "A_VORBIS" };

    static byte[][] Private(TrackInfo info)
    {
        var config = info.DecoderConfig.Span;
        if (info.Codec == Codec.Vorbis)
        {
            return [EbmlElement.Of(0x63A2, config.ToArray())];
        }

        const int DOpsSize = 11;
        if (info.Codec != Codec.Opus || config.Length < DOpsSize)
        {
            return [];
        }

        var delay = BinaryPrimitives.ReadUInt16BigEndian(config[2..]) * 1_000_000_000UL / 48_000;
        return [EbmlElement.Of(0x63A2, OpusHead(config)), EbmlElement.Unsigned(0x56AA, delay), EbmlElement.Unsigned(0x56BB, SeekPreRollNanoseconds)];
    }

    // RFC 7845 §5.1: what dOps says, with numbers the other way round.
    static byte[] OpusHead(ReadOnlySpan<byte> dOps)
    {
        byte[] head = [.. "OpusHead"u8, 1, .. dOps[1..]];
        head.AsSpan(10, 2).Reverse();
        head.AsSpan(12, 4).Reverse();
        head.AsSpan(16, 2).Reverse();
        return head;
    }
}
