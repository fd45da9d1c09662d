using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Smooth;

/// <summary>
/// A segment of one track as a fragment of Smooth Streaming ([MS-SSTR] §2.2.4): the frames as they are, behind one moof with times in ticks of 100 ns,
/// the fragment's own place (TfxdBox) and that of the next ones (TfrfBox).
/// <code>moof { mfhd  traf { tfhd  trun  uuid(tfxd)  uuid(tfrf) } }  mdat</code>
/// </summary>
public static class SmoothFragment
{
    const uint DurationSizeFlagsOffset = 0x000F01;   // data offset; each sample's duration, size, flags and composition offset

    static ReadOnlySpan<byte> Tfxd => [0x6D, 0x1D, 0x9B, 0x05, 0x42, 0xD5, 0x44, 0xE6, 0x80, 0xE2, 0x14, 0x1D, 0xAF, 0xF7, 0x57, 0xB2];

    static ReadOnlySpan<byte> Tfrf => [0xD4, 0x80, 0x7E, 0xF2, 0xCA, 0x39, 0x46, 0x95, 0x8E, 0x54, 0x26, 0xCB, 0x9E, 0x46, 0xA7, 0x9F];

    /// <summary>
    /// The fragment of <paramref name="track"/> that begins at a time of its stream. NotYet: what it has to tell of ahead is not there; <paramref name="wait"/>
    /// is then the number that is waited for. The body is a lease: dispose it.
    /// </summary>
    public static SegmentLookup TryOpen(WindowView view, TrackView track, long time, out SegmentBody? body, out long wait)
    {
        (body, wait) = (null, 0);
        var leading = track.Kind == TrackKind.Video
            ? view.Offered.First(other => other.Kind == TrackKind.Video && SmoothCodec.Of(other.Info) is not null)
            : track;
        var timeline = new SmoothTimeline(view, leading);
        if (!timeline.TryFind(time, out var chunk, out var ahead))
        {
            wait = leading.End;
            return time > (timeline.Listed is [.., var last] ? last.Time : long.MaxValue) ? SegmentLookup.NotYet : SegmentLookup.Gone;
        }

        if (!timeline.IsWhole(chunk, ahead))
        {
            wait = chunk.Msn + SmoothTimeline.Lookahead;
            return SegmentLookup.NotYet;
        }

        return Open(view, track, chunk, ahead, out body);
    }

    static SegmentLookup Open(WindowView view, TrackView track, SmoothChunk chunk, IReadOnlyList<SmoothChunk> ahead, out SegmentBody? body)
    {
        body = null;
        var carrier = view.Segment(track, chunk.Msn)?.Track(track.Slot) is { IsGap: false } ? track : view.CarrierOf(track, chunk.Msn);
        if (!carrier.Info.DecoderConfig.Span.SequenceEqual(track.Info.DecoderConfig.Span))
        {
            return SegmentLookup.Nothing;   // another quality's picture has another configuration; its sound has not
        }

        if (view.Segment(carrier, chunk.Msn) is not { } segment || !segment.TryRetain())
        {
            return SegmentLookup.Gone;
        }

        if (segment.Track(carrier.Slot) is not { IsGap: false } share)
        {
            segment.Release();
            return SegmentLookup.Nothing;
        }

        Frame[] frames = [.. share.Parts.SelectMany(part => part.Frames)];
        var header = Header(track.Info, frames, share, chunk, ahead);
        body = new SegmentBody(segment, new[] { new TrackPart(header, frames, share.PayloadLength, share.Duration) });
        return SegmentLookup.Found;
    }

    static byte[] Header(TrackInfo track, Frame[] frames, TrackSegment share, SmoothChunk chunk, IReadOnlyList<SmoothChunk> ahead)
    {
        var size = 8 + 16 + 8 + 16 + 20 + frames.Length * 16 + 44 + 29 + ahead.Count * 16 + 8;
        var bytes = new byte[size];
        var writer = new BoxWriter(bytes);
        var moof = writer.Open("moof"u8);
        var box = writer.Open("mfhd"u8, 0, 0);
        writer.U32(unchecked((uint)chunk.Msn));
        writer.Close(box);
        var traf = writer.Open("traf"u8);
        box = writer.Open("tfhd"u8, 0, 0);
        writer.I32(track.Id);
        writer.Close(box);
        WriteRun(ref writer, frames, share, size);
        WritePlaces(ref writer, chunk, ahead);
        writer.Close(traf);
        writer.Close(moof);
        writer.U32((uint)(share.PayloadLength + 8));
        writer.Bytes("mdat"u8);
        return bytes;
    }

    static void WriteRun(ref BoxWriter writer, Frame[] frames, TrackSegment share, int dataOffset)
    {
        var box = writer.Open("trun"u8, 1, DurationSizeFlagsOffset);
        writer.I32(frames.Length);
        writer.I32(dataOffset);
        var end = frames[0].Dts + share.Duration;
        for (var index = 0; index < frames.Length; index++)
        {
            ref readonly var frame = ref frames[index];
            var next = index + 1 < frames.Length ? frames[index + 1].Dts : end;
            writer.U32((uint)(Ticks(next, share.Timescale) - Ticks(frame.Dts, share.Timescale)));
            writer.I32(frame.Data.Length);
            writer.U32(SampleRun.FlagsOf(frame));
            writer.I32((int)Ticks(frame.CompositionOffset, share.Timescale));
        }

        writer.Close(box);
    }

    static void WritePlaces(ref BoxWriter writer, SmoothChunk chunk, IReadOnlyList<SmoothChunk> ahead)
    {
        var box = writer.Open("uuid"u8);
        writer.Bytes(Tfxd);
        writer.U32(0x0100_0000);
        writer.U64((ulong)chunk.Time);
        writer.U64((ulong)chunk.Duration);
        writer.Close(box);
        box = writer.Open("uuid"u8);
        writer.Bytes(Tfrf);
        writer.U32(0x0100_0000);
        writer.Bytes([(byte)ahead.Count]);
        foreach (var (_, time, duration) in ahead)
        {
            writer.U64((ulong)time);
            writer.U64((ulong)duration);
        }

        writer.Close(box);
    }

    static long Ticks(long ticks, int timescale) => MediaTime.Rescale(ticks, timescale, SmoothTimeline.Hz);
}
