namespace Tributary.Media.Sets;

/// <summary>A part of one clip, in milliseconds from the clip's start. <see cref="To"/> is <see cref="long.MaxValue"/> where it goes to the clip's end.</summary>
/// <param name="Clip">Number of the clip in the timeline, from 0.</param>
/// <param name="From">Start.</param>
/// <param name="To">End (exclusive).</param>
public readonly record struct ClipRange(int Clip, long From, long To);

/// <summary>
/// When the clips of a set are played, and which part of which clip each segment holds. Times are milliseconds: since the Unix epoch for live sets, from
/// the beginning for others.
/// </summary>
/// <remarks>
/// With discontinuities each clip is cut on its own; without, the grid runs through all clips, and a segment may hold the end of one and the start of
/// the next. Where a mapping gives the lengths of its groups of pictures, boundaries move to the next key frame.
/// </remarks>
public sealed class SetTimeline
{
    const int MaxSkipped = 1 << 30;

    readonly SegmentSchedule _later;
    readonly long _startOffset;   // how much of the first clip a live window has left behind: it is cut as it was when it was whole
    readonly int _skipped;        // segments of it that are over
    readonly ClipKeyFrames?[] _keyFrames;
    readonly int[] _firstSegments;
    readonly int[] _segmentCounts;

    SetTimeline(MediaSetDescription description, SegmentSchedule schedule, long[] times, long[] durations, bool isLive)
    {
        Description = description;
        Schedule = schedule;
        Times = times;
        Durations = durations;
        IsLive = isLive;
        IsContinuous = !description.Discontinuity && durations.Length > 0 && (durations.Length > 1 || isLive);
        BaseTime = isLive ? description.SegmentBaseTime ?? (IsContinuous ? times[0] : null) : IsContinuous ? 0 : null;
        _startOffset = isLive && !IsContinuous && BaseTime is null ? description.FirstClipStartOffset : 0;
        _skipped = Math.Min(schedule.IndexAt(_startOffset), MaxSkipped);
        _later = schedule.AfterBootstrap();
        _keyFrames = KeyFramesOf(description);
        (_firstSegments, _segmentCounts) = NumberSegments();
    }

    public MediaSetDescription Description { get; }

    public SegmentSchedule Schedule { get; }

    /// <summary>Start of each clip.</summary>
    public IReadOnlyList<long> Times { get; }

    /// <summary>Length of each clip.</summary>
    public IReadOnlyList<long> Durations { get; }

    /// <summary>Whether times are those of the clock.</summary>
    public bool IsLive { get; }

    /// <summary>Whether one grid of segments runs through all clips.</summary>
    public bool IsContinuous { get; }

    /// <summary>Where the grid begins; null where every clip is cut on its own and segments are counted.</summary>
    public long? BaseTime { get; }

    public int ClipCount => Durations.Count;

    /// <summary>Length of all clips, without gaps between them.</summary>
    public long TotalDuration => Durations.Sum();

    /// <summary>End of the last clip.</summary>
    public long EndTime => ClipCount == 0 ? 0 : Times[^1] + Durations[^1];

    /// <summary>Number that the first clip has in the whole presentation, from 0.</summary>
    public int FirstClipNumber => (Description.InitialClipIndex ?? 1) - 1;

    /// <summary>Timeline of a set whose clips' lengths are known.</summary>
    /// <param name="description">The set.</param>
    /// <param name="options">How it is cut.</param>
    /// <param name="durations">Length of each clip: the mapping's, or what the file says where it says nothing.</param>
    public static SetTimeline Create(MediaSetDescription description, SegmentationOptions options, IReadOnlyList<long> durations)
    {
        var isLive = description.PlaylistType != PlaylistType.Vod && !options.ForcePlaylistTypeVod;
        var times = new long[durations.Count];
        var time = isLive || description.ClipTimes is null ? description.FirstClipTime ?? 0 : 0;
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = description.ClipTimes is { } given && !options.ForceContinuousTimestamps ? given[i] : time;
            time = times[i] + durations[i];
        }

        if (!isLive && times.Length > 0)
        {
            var first = times[0];
            times = [.. times.Select(at => at - first)];
        }

        var schedule = new SegmentSchedule(options, description.SegmentDuration);
        return new SetTimeline(description, schedule, times, [.. durations], isLive);
    }

    /// <summary>Number of the first segment of a clip (of the grid, where it runs through), from 0.</summary>
    public int FirstSegmentOf(int clip) => _firstSegments[clip];

    /// <summary>How many segments begin in a clip, nominally.</summary>
    public int SegmentCountOf(int clip) => _segmentCounts[clip];

    /// <summary>Number of the first segment, from 0.</summary>
    public int FirstSegment => ClipCount == 0 ? 0 : _firstSegments[0];

    /// <summary>One more than the number of the last segment.</summary>
    public int EndSegment => ClipCount == 0 ? 0 : IsContinuous ? _firstSegments[0] + _segmentCounts[0] : _firstSegments[^1] + _segmentCounts[^1];

    /// <summary>Number of the segment that a time of the presentation falls into, nominally; null where there is none.</summary>
    public int? SegmentAt(long time)
    {
        if (ClipCount == 0 || time < Times[0] || time >= EndTime)
        {
            return null;
        }

        var (low, high) = (FirstSegment, EndSegment);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            var start = IsContinuous ? ContinuousStartOf(middle) : RangesOf(middle) is [var range, ..] ? TimeOf(range) : long.MaxValue;
            (low, high) = start <= time ? (middle, high) : (low, middle);
        }

        return low;
    }

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

    (int[] First, int[] Counts) NumberSegments()
    {
        var (first, counts) = (new int[ClipCount], new int[ClipCount]);
        if (ClipCount == 0)
        {
            return (first, counts);
        }

        if (IsContinuous)
        {
            var offset = BaseTime!.Value;
            first[0] = Schedule.IndexAt(Math.Max(0, Times[0] - offset));
            counts[0] = Math.Max(0, Schedule.CountOf(EndTime - offset) - first[0]);
            return (first, counts);
        }

        var next = IsLive ? (Description.InitialSegmentIndex ?? 1) - 1 : 0;
        for (var clip = 0; clip < ClipCount; clip++)
        {
            var (offset, skipped) = clip == 0 ? (_startOffset, _skipped) : (0, 0);
            counts[clip] = Math.Max(skipped > 0 ? 1 : 0, ScheduleOf(clip).CountOf(Durations[clip] + offset) - skipped);
            first[clip] = IsLive && BaseTime is { } at ? Schedule.IndexAt(Times[clip] - at) : (int)Math.Min((long)next + skipped, MaxSkipped);
            next = first[clip] + counts[clip];
        }

        return (first, counts);
    }

    // Short segments let a presentation start fast; the clips after the first are no start.
    SegmentSchedule ScheduleOf(int clip) => clip + (IsLive ? FirstClipNumber : 0) == 0 ? Schedule : _later;

    long Align(int clip, long time) => time <= 0 || _keyFrames[clip] is not { } keys ? time : keys.NextAt(time, Durations[clip]);

    static ClipKeyFrames?[] KeyFramesOf(MediaSetDescription description)
    {
        var clips = description.Sequences[0].Clips;
        var keys = new ClipKeyFrames?[clips.Count];
        for (var clip = 0; clip < keys.Length; clip++)
        {
            var told = description.Sequences.Select(sequence => sequence.Clips[clip]).FirstOrDefault(c => c.KeyFrameDurations is not null);
            keys[clip] = told is null ? null : new ClipKeyFrames(told.KeyFrameDurations!, told.FirstKeyFrameOffset);
        }

        return keys;
    }

    /// <summary>Places of key frames that a mapping tells, in milliseconds from the clip's start.</summary>
    sealed class ClipKeyFrames
    {
        readonly long[] _times;

        internal ClipKeyFrames(IReadOnlyList<long> durations, long firstOffset)
        {
            _times = new long[durations.Count + 1];
            _times[0] = firstOffset;
            for (var i = 0; i < durations.Count; i++)
            {
                _times[i + 1] = _times[i] + durations[i];
            }
        }

        /// <summary>First key frame at or after <paramref name="time"/>; the clip's end where there is none.</summary>
        internal long NextAt(long time, long end)
        {
            var index = Array.BinarySearch(_times, time);
            index = index < 0 ? ~index : index;
            return index < _times.Length ? Math.Min(_times[index], end) : end;
        }
    }
}
