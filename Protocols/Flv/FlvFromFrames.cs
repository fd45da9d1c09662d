using System.Buffers.Binary;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

/// <summary>
/// Writes what stands around coded bytes in FLV tag bodies: the older format for H.264, AAC and MP3 on the default tracks, which every
/// receiver knows, and enhanced RTMP for all else. The opposite of <see cref="FlvToFrames"/>; coded bytes are not touched.
/// </summary>
public static class FlvFromFrames
{
    /// <summary>The most bytes that <see cref="WriteHead"/> writes.</summary>
    public const int LongestHead = 16;

    const int SequenceStart = 0, CodedFrames = 1, SequenceEnd = 2, CodedFramesX = 3, VideoMultitrack = 6, AudioMultitrack = 5;
    const int FirstVideoTrack = 1, FirstAudioTrack = 101;

    // The header of a STREAMINFO block of 34 bytes that is the last one (RFC 9639 §8.1).
    static ReadOnlySpan<byte> LastStreamInfo => [0x80, 0, 0, 34];

    /// <summary>The tag type, and RTMP message type, of a track: 8 or 9.</summary>
    public static byte TagType(TrackInfo track) => track.Kind == TrackKind.Video ? FlvTag.Video : FlvTag.Audio;

    /// <summary>The tag body that announces a track; empty where frames of its codec say everything themselves.</summary>
    public static byte[] Configuration(TrackInfo track)
    {
        if (track.Codec is Codec.Mp3 or Codec.Ac3 or Codec.Eac3 || track.DecoderConfig.IsEmpty)
        {
            return [];
        }

        Span<byte> head = stackalloc byte[LongestHead];
        var used = WriteTagHead(track, SequenceStart, FrameFlags.Key, 0, head);
        return [.. head[..used], .. OnTheWire(track)];
    }

    /// <summary>The tag body that says that no picture follows (E.4.3.1, "end of sequence").</summary>
    public static byte[] EndOfPictures(TrackInfo video)
    {
        Span<byte> head = stackalloc byte[LongestHead];
        return head[..WriteTagHead(video, SequenceEnd, FrameFlags.Key, 0, head)].ToArray();
    }

    /// <summary>
    /// The bytes before a frame's own; returns how many. <paramref name="compositionMs"/> is its composition offset in milliseconds.
    /// </summary>
    public static int WriteHead(in Frame frame, int compositionMs, Span<byte> head) =>
        WriteTagHead(frame.Track, CodedFrames, frame.Flags, compositionMs, head);

    static int WriteTagHead(TrackInfo track, int packetType, FrameFlags flags, int compositionMs, Span<byte> head)
    {
        var number = track.Id - (track.Kind == TrackKind.Video ? FirstVideoTrack : FirstAudioTrack);
        var frameType = (flags & FrameFlags.Key) != 0 ? 1 : (flags & FrameFlags.Disposable) != 0 ? 3 : 2;
        switch (track.Codec)
        {
            case Codec.H264 when number == 0:
                (head[0], head[1]) = ((byte)(frameType << 4 | 7), (byte)packetType);
                WriteInt24(head[2..], compositionMs);
                return 5;
            case Codec.Aac when number == 0:
                (head[0], head[1]) = (0xAF, (byte)packetType);   // rate, size and channels are fixed for AAC (E.4.2.1)
                return 2;
            case Codec.Mp3 when number == 0:
                head[0] = 0x2F;
                return 1;
            default:
                return WriteEnhanced(track, number, frameType, packetType, compositionMs, head);
        }
    }

    static int WriteEnhanced(TrackInfo track, int number, int frameType, int packetType, int compositionMs, Span<byte> head)
    {
        var isVideo = track.Kind == TrackKind.Video;
        var reorders = track.Codec is Codec.H264 or Codec.Hevc && packetType == CodedFrames;
        if (isVideo && packetType == CodedFrames && (!reorders || compositionMs == 0))
        {
            (packetType, reorders) = (reorders ? CodedFramesX : CodedFrames, false);
        }

        var first = isVideo ? 0x80 | frameType << 4 : FlvCodecs.ExAudio << 4;
        var used = 1;
        if (number == 0)
        {
            head[0] = (byte)(first | packetType);
        }
        else
        {
            head[0] = (byte)(first | (isVideo ? VideoMultitrack : AudioMultitrack));
            head[used++] = (byte)packetType;   // one track: kind 0
        }

        BinaryPrimitives.WriteUInt32BigEndian(head[used..], FlvCodecs.FourCc(track.Codec));
        used += 4;
        if (number != 0)
        {
            head[used++] = (byte)number;
        }

        if (reorders)
        {
            WriteInt24(head[used..], compositionMs);
            used += 3;
        }

        return used;
    }

    // Enhanced RTMP has the headers of Ogg for Opus and FLAC, where tracks keep the boxes of MP4.
    static byte[] OnTheWire(TrackInfo track) => track.Codec switch
    {
        Codec.Opus => Opus.ToOpusHead(track.DecoderConfig.Span),
        Codec.Flac => [.. "fLaC"u8, .. LastStreamInfo, .. track.DecoderConfig.Span],
        _ => track.DecoderConfig.ToArray(),
    };

    static void WriteInt24(Span<byte> at, int value)
    {
        at[0] = (byte)(value >> 16);
        at[1] = (byte)(value >> 8);
        at[2] = (byte)value;
    }
}
