using Tributary.Media.Frames;
using Tributary.Protocols.Flv;

namespace Tributary.Gateway.Streaming;

/// <summary>FLV tags. Their times are the stream's; each viewer gets a head of its own with its own time (<see cref="FlvFraming"/>).</summary>
sealed class FlvMuxer : IStreamMuxer
{
    public bool Carries(TrackInfo track) => true;

    public void Announce(Announcement announcement)
    {
    }

    public (FrameData Bytes, int BodyLength) Configure(TrackKind kind, ReadOnlySpan<byte> configuration, long time, long step, FrameArena arena) =>
        Tag(kind, configuration, [], time, arena);

    public (FrameData Bytes, int BodyLength) Write(in Frame frame, long time, long step, bool joins, FrameArena arena)
    {
        Span<byte> head = stackalloc byte[FlvFromFrames.LongestHead];
        var used = FlvFromFrames.WriteHead(frame, CompositionMs(frame), head);
        return Tag(frame.Track.Kind, head[..used], frame.Data.Span, time, arena);
    }

    /// <summary>Presentation minus decoding time in ms, both rounded as the tag's time is.</summary>
    public static int CompositionMs(in Frame frame) =>
        (int)(MediaTime.RescaleNearest(frame.Pts, frame.Track.Timescale, 1_000) - MediaTime.RescaleNearest(frame.Dts, frame.Track.Timescale, 1_000));

    static (FrameData, int) Tag(TrackKind kind, ReadOnlySpan<byte> front, ReadOnlySpan<byte> body, long time, FrameArena arena)
    {
        var length = front.Length + body.Length;
        var bytes = arena.Allocate(FlvTagWriter.HeadLength + length + FlvTagWriter.TailLength);
        var to = bytes.Writable;
        FlvTagWriter.WriteHead(to, kind == TrackKind.Video ? FlvTag.Video : FlvTag.Audio, length, (uint)time);
        front.CopyTo(to[FlvTagWriter.HeadLength..]);
        body.CopyTo(to[(FlvTagWriter.HeadLength + front.Length)..]);
        FlvTagWriter.WriteTail(to[(FlvTagWriter.HeadLength + length)..], length);
        return (bytes, length);
    }
}
