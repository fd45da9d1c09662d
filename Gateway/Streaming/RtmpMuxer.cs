using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;

namespace Tributary.Gateway.Streaming;

/// <summary>RTMP messages in chunks, each with a header that tells the time since the one before: the same for all who have that one.</summary>
sealed class RtmpMuxer : IStreamMuxer
{
    public bool Carries(TrackInfo track) => true;

    public void Announce(Announcement announcement)
    {
    }

    public (FrameData Bytes, int BodyLength) Configure(TrackKind kind, ReadOnlySpan<byte> configuration, long time, long step, FrameArena arena) =>
        Message(kind, configuration, [], step, arena);

    public (FrameData Bytes, int BodyLength) Write(in Frame frame, long time, long step, bool joins, FrameArena arena)
    {
        Span<byte> head = stackalloc byte[FlvFromFrames.LongestHead];
        var used = FlvFromFrames.WriteHead(frame, FlvMuxer.CompositionMs(frame), head);
        return Message(frame.Track.Kind, head[..used], frame.Data.Span, step, arena);
    }

    static (FrameData, int) Message(TrackKind kind, ReadOnlySpan<byte> front, ReadOnlySpan<byte> body, long step, FrameArena arena)
    {
        var (type, length) = (TypeOf(kind), front.Length + body.Length);
        var bytes = arena.Allocate(RtmpPlayChunks.HeadLength + RtmpPlayChunks.PayloadLength(length));
        RtmpPlayChunks.WriteNext(bytes.Writable, type, length, step);
        RtmpPlayChunks.WritePayload(bytes.Writable[RtmpPlayChunks.HeadLength..], type, front, body);
        return (bytes, length);
    }

    internal static RtmpMessageType TypeOf(TrackKind kind) => kind == TrackKind.Video ? RtmpMessageType.Video : RtmpMessageType.Audio;
}
