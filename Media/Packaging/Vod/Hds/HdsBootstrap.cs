using Tributary.Media.Containers.Mp4;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hds;

/// <summary>
/// The bootstrap box abst (Adobe F4V specification §2.11): one segment of all fragments, and runs of fragments of equal length. A run of no length says that
/// times or numbers break there, or, as the last one, that the presentation ends.
/// </summary>
static class HdsBootstrap
{
    const int LiveFlag = 0x20;
    const int EndOfPresentation = 0;
    const int BreakOfNumbersAndTimes = 3;

    readonly record struct Run(int Fragment, long Time, long Duration, int Discontinuity = 0);

    internal static byte[] Write(MediaSet set, IReadOnlyList<SetTrack> tracks)
    {
        var segments = SegmentList.InTicks(set, tracks, HdsPackager.Timescale);
        var runs = Runs(set, segments);
        var memory = new byte[128 + 17 * runs.Count];
        var writer = new BoxWriter(memory);
        var box = writer.Open("abst"u8, 0, 0);
        writer.U32(1);                                       // version of the bootstrap
        writer.U8(set.Timeline.IsLive ? LiveFlag : 0);
        writer.U32(HdsPackager.Timescale);
        writer.U64((ulong)Now(set, tracks, segments));
        writer.U64(0);                                       // SMPTE time code offset
        writer.U8(0);                                        // movie identifier
        writer.U8(0);                                        // servers
        writer.U8(0);                                        // qualities
        writer.U8(0);                                        // DRM data
        writer.U8(0);                                        // metadata
        writer.U8(1);
        WriteSegments(ref writer, segments.Count);
        writer.U8(1);
        WriteRuns(ref writer, runs);
        writer.Close(box);
        return memory[..writer.Position];
    }

    static long Now(MediaSet set, IReadOnlyList<SetTrack> tracks, IReadOnlyList<ListedSegment> segments) =>
        !set.Timeline.IsLive ? set.TimelineOf(tracks).TotalDuration
        : segments.Count == 0 ? 0
        : segments[^1].Start + segments[^1].Duration;

    static List<Run> Runs(MediaSet set, IReadOnlyList<ListedSegment> segments)
    {
        var (runs, clip, duration) = (new List<Run>(), -1, -1L);
        foreach (var segment in segments.Where(static segment => segment.Duration > 0))
        {
            if (clip >= 0 && segment.Clip != clip && !set.Timeline.IsContinuous)
            {
                runs.Add(new Run(segment.Number + 1, segment.Start, 0, BreakOfNumbersAndTimes));
                duration = -1;
            }

            if (segment.Duration != duration)
            {
                runs.Add(new Run(segment.Number + 1, segment.Start, segment.Duration));
            }

            (clip, duration) = (segment.Clip, segment.Duration);
        }

        if (!set.Timeline.IsLive || set.Description.PresentationEndTime <= set.Now)
        {
            runs.Add(new Run(0, 0, 0, EndOfPresentation));
        }

        return runs;
    }

    static void WriteSegments(ref BoxWriter writer, int fragments)
    {
        var box = writer.Open("asrt"u8, 0, 0);
        writer.U8(0);
        writer.U32(1);
        writer.U32(1);   // first segment
        writer.I32(fragments);
        writer.Close(box);
    }

    static void WriteRuns(ref BoxWriter writer, List<Run> runs)
    {
        var box = writer.Open("afrt"u8, 0, 0);
        writer.U32(HdsPackager.Timescale);
        writer.U8(0);
        writer.I32(runs.Count);
        foreach (var run in runs)
        {
            writer.I32(run.Fragment);
            writer.U64((ulong)run.Time);
            writer.U32((uint)run.Duration);
            if (run.Duration == 0)
            {
                writer.U8(run.Discontinuity);
            }
        }

        writer.Close(box);
    }
}
