namespace Tributary.Media.Sets;

/// <summary>
/// When the clips of a set are played, and which part of which clip each segment holds. Times are milliseconds: since the Unix epoch for live sets, from
/// the beginning for others.
/// </summary>
/// <remarks>
/// With discontinuities each clip is cut on its own; without, the grid runs through all clips, and a segment may hold the end of one and the start of
/// the next. Where a mapping gives the lengths of its groups of pictures, boundaries move to the next key frame.
/// </remarks>
public sealed partial class SetTimeline
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
}
