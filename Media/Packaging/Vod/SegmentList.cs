using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>A segment as manifests list it.</summary>
/// <param name="Number">Number in the presentation, from 0.</param>
/// <param name="Clip">Clip that it begins in.</param>
/// <param name="Start">When it starts, in milliseconds of the presentation.</param>
/// <param name="Duration">How long it is, in milliseconds.</param>
public readonly record struct ListedSegment(int Number, int Clip, long Start, long Duration);

/// <summary>The segments of a set that a manifest lists: all of a finished one, of a live one those that are there and within the window.</summary>
public static class SegmentList
{
    /// <summary>The segments, as the tracks that a manifest is of have them. Empty where a live set has not begun.</summary>
    /// <param name="set">The set.</param>
    /// <param name="tracks">Tracks that are packaged together.</param>
    /// <param name="lookAhead">How many of a live set's last segments are left out.</param>
    public static IReadOnlyList<ListedSegment> Of(MediaSet set, IReadOnlyList<SetTrack> tracks, int lookAhead = 0)
    {
        var timeline = set.TimelineOf(tracks);
        var all = timeline.IsContinuous ? Continuous(timeline)
            : UsesFrames(set, tracks) ? Accurate(timeline, tracks)
            : PerClip(timeline);
        return timeline.IsLive ? Window(set, all, lookAhead) : all;
    }

    /// <summary>
    /// The same in ticks of a packager that tells where segments begin, not only how long they are: where frames are looked at, a boundary is rounded once,
    /// and the last segment ends with the leading track's frames where segments start at key frames, else with those of the longest track.
    /// </summary>
    internal static IReadOnlyList<ListedSegment> InTicks(MediaSet set, IReadOnlyList<SetTrack> tracks, int timescale, int lookAhead = 0)
    {
        var timeline = set.TimelineOf(tracks);
        if (timeline.IsLive || timeline.IsContinuous || !UsesFrames(set, tracks))
        {
            return [.. Of(set, tracks, lookAhead).Select(segment => segment with
            {
                Start = MediaTime.Rescale(segment.Start, 1000, timescale), Duration = MediaTime.Rescale(segment.Duration, 1000, timescale),
            })];
        }

        var leader = tracks.FirstOrDefault(track => track.Kind == TrackKind.Video) ?? tracks[0];
        var aligned = timeline.Schedule.AlignToKeyFrames && leader.Source.HasKeyFrameTable;
        var end = (aligned ? [leader] : tracks).Max(track => MediaTime.RescaleNearest(TicksAt(track, track.EndFrame), track.Info.Timescale, timescale));
        var (segments, start) = (new List<ListedSegment>(), 0L);
        for (var i = 0; i < timeline.SegmentCountOf(0) && (start < end || (!aligned && start < MediaTime.Rescale(timeline.Durations[0], 1000, timescale))); i++)
        {
            var next = i + 1 == timeline.SegmentCountOf(0)
                ? start < end ? end : MediaTime.Rescale(timeline.Durations[0], 1000, timescale)
                : MediaTime.RescaleNearest(Boundary(timeline, leader, aligned, i + 1), leader.Info.Timescale, timescale);
            segments.Add(new ListedSegment(i, 0, start, next - start));
            start = next;
        }

        return segments;
    }

    static bool UsesFrames(MediaSet set, IReadOnlyList<SetTrack> tracks) =>
        set.Timeline.ClipCount == 1
        && set.Options.Segmentation.DurationsMode == SegmentDurationsMode.Accurate
        && tracks.Count > 0
        && set.Description.Sequences.All(sequence => sequence.Clips[0].KeyFrameDurations is null);

    static List<ListedSegment> Continuous(SetTimeline timeline)
    {
        var segments = new List<ListedSegment>(timeline.EndSegment - timeline.FirstSegment);
        for (var number = timeline.FirstSegment; number < timeline.EndSegment; number++)
        {
            var start = timeline.ContinuousStartOf(number);
            var end = number + 1 == timeline.EndSegment ? timeline.EndTime : timeline.ContinuousStartOf(number + 1);
            segments.Add(new ListedSegment(number, ClipAt(timeline, start), start, end - start));
        }

        return segments;
    }

    static List<ListedSegment> PerClip(SetTimeline timeline)
    {
        var segments = new List<ListedSegment>();
        for (var clip = 0; clip < timeline.ClipCount; clip++)
        {
            for (var i = 0; i < timeline.SegmentCountOf(clip); i++)
            {
                var range = timeline.RangeWithin(clip, i);
                var end = Math.Min(range.To, timeline.Durations[clip]);
                segments.Add(new ListedSegment(timeline.FirstSegmentOf(clip) + i, clip, timeline.Times[clip] + range.From, end - range.From));
            }
        }

        return segments;
    }

    // The first track of video leads (of sound where there is none). Where every segment starts with a key frame, the last one starts with the last that
    // is not too late; else segments go on to the end of the longest track, as configured where the leader has no frames.
    static List<ListedSegment> Accurate(SetTimeline timeline, IReadOnlyList<SetTrack> tracks)
    {
        var leader = tracks.FirstOrDefault(track => track.Kind == TrackKind.Video) ?? tracks[0];
        var aligned = timeline.Schedule.AlignToKeyFrames && leader.Source.HasKeyFrameTable;
        var endTicks = (aligned ? [leader] : tracks).Max(track =>
            MediaTime.RescaleNearest(TicksAt(track, track.EndFrame), track.Info.Timescale, leader.Info.Timescale));
        var end = Milliseconds(leader, endTicks);
        var segments = new List<ListedSegment>();
        var (start, ticks) = (0L, 0L);
        for (var i = 0; i < timeline.SegmentCountOf(0) && (start < end || i == 0); i++)
        {
            var last = i + 1 == timeline.SegmentCountOf(0);
            var next = last ? 0 : Boundary(timeline, leader, aligned, i + 1);
            var duration = Milliseconds(leader, (last || next >= endTicks && aligned ? endTicks : next) - ticks);
            segments.Add(new ListedSegment(i, 0, timeline.Times[0] + start, Math.Max(0, duration)));
            (start, ticks) = (start + Math.Max(0, duration), next);
        }

        return segments;
    }

    static long Boundary(SetTimeline timeline, SetTrack leader, bool aligned, int segment)
    {
        var nominal = timeline.Schedule.StartOf(segment);
        var frame = leader.FrameAt(leader.TicksAt(nominal));
        if (aligned)
        {
            return TicksAt(leader, Math.Min(leader.Source.NextKeyFrame(frame), leader.EndFrame));
        }

        return frame < leader.EndFrame ? TicksAt(leader, frame) : MediaTime.Rescale(nominal, 1000, leader.Info.Timescale);
    }

    static long TicksAt(SetTrack leader, int frame) =>
        leader.Source.DecodeTimeOf(frame) - leader.Source.DecodeTimeOf(leader.FirstFrame) + leader.Lead;

    static long Milliseconds(SetTrack leader, long ticks) => MediaTime.RescaleNearest(ticks, leader.Info.Timescale, 1000);

    static int ClipAt(SetTimeline timeline, long time)
    {
        for (var clip = timeline.ClipCount - 1; clip > 0; clip--)
        {
            if (timeline.Times[clip] <= time)
            {
                return clip;
            }
        }

        return 0;
    }

    static List<ListedSegment> Window(MediaSet set, List<ListedSegment> all, int lookAhead)
    {
        var window = set.Options.Segmentation.LiveWindowDuration;
        if (set.Description.LiveWindowDuration is { } own && Math.Abs(own) <= Math.Abs(window))
        {
            window = own;
        }

        if (window == 0)
        {
            return all;
        }

        var end = window < 0 ? all.Count : all.FindLastIndex(segment => segment.Start + segment.Duration <= set.Now) + 1;
        end = Math.Max(0, end - lookAhead);
        var first = end;
        var length = 0L;
        while (first > 0 && (set.Description.PlaylistType == PlaylistType.Event || length + all[first - 1].Duration <= Math.Abs(window)))
        {
            length += all[--first].Duration;
        }

        return all.GetRange(first, end - first);
    }
}
