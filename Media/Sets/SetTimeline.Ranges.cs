namespace Tributary.Media.Sets;

// Which parts of which clips a segment holds.
public sealed partial class SetTimeline
{
    /// <summary>Which parts of clips a segment holds; empty where there is no such segment.</summary>
    public IReadOnlyList<ClipRange> RangesOf(int segment)
    {
        if (IsContinuous)
        {
            return ContinuousRanges(segment);
        }

        for (var clip = 0; clip < ClipCount; clip++)
        {
            var relative = segment - _firstSegments[clip];
            if (relative >= 0 && relative < _segmentCounts[clip])
            {
                return [RangeWithin(clip, relative)];
            }
        }

        return [];
    }

    /// <summary>Which part of a clip the segment with this number within the clip holds; a range to the end where it is the last.</summary>
    public ClipRange RangeWithin(int clip, int relative)
    {
        var from = Align(clip, StartWithin(clip, relative));
        var last = relative >= _segmentCounts[clip] - 1;
        return new ClipRange(clip, from, last ? long.MaxValue : Align(clip, StartWithin(clip, relative + 1)));
    }

    long StartWithin(int clip, int relative) =>
        clip == 0 && _startOffset > 0 ? Math.Max(0, ScheduleOf(clip).StartOf(relative + _skipped) - _startOffset) : ScheduleOf(clip).StartOf(relative);

    /// <summary>When a clip's part begins in the presentation.</summary>
    public long TimeOf(ClipRange range) => Times[range.Clip] + range.From;

    /// <summary>Start of the grid's segment as the manifest counts it, moved to a key frame where the mapping tells of them.</summary>
    public long ContinuousStartOf(int segment)
    {
        var nominal = BaseTime!.Value + Schedule.StartOf(segment);
        if (nominal <= Times[0])
        {
            return Times[0];
        }

        for (var clip = 0; clip < ClipCount; clip++)
        {
            var end = Times[clip] + Durations[clip];
            if (nominal < end)
            {
                var aligned = Times[clip] + Align(clip, Math.Max(0, nominal - Times[clip]));
                return Math.Min(aligned, clip + 1 < ClipCount ? Math.Max(end, Times[clip + 1]) : end);
            }
        }

        return EndTime;
    }

    List<ClipRange> ContinuousRanges(int segment)
    {
        var ranges = new List<ClipRange>();
        if (segment < FirstSegment || segment >= EndSegment)
        {
            return ranges;
        }

        var from = ContinuousStartOf(segment);
        var to = segment == EndSegment - 1 ? long.MaxValue : ContinuousStartOf(segment + 1);
        for (var clip = 0; clip < ClipCount; clip++)
        {
            var (start, end) = (Times[clip], Times[clip] + Durations[clip]);
            if (from < end && to > start)
            {
                ranges.Add(new ClipRange(clip, Math.Max(0, from - start), to >= end ? long.MaxValue : to - start));
            }
        }

        return ranges;
    }

    long Align(int clip, long time) => time <= 0 || _keyFrames[clip] is not { } keys ? time : keys.NextAt(time, Durations[clip]);
}
