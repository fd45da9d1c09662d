namespace Tributary.Media.Sets;

/// <summary>
/// Where a stream is cut, from the configuration alone: nominal boundaries, in milliseconds from the stream's start. Frames are looked at only to move a
/// boundary to a key frame, and where a manifest is to say how long segments really are.
/// </summary>
public sealed class SegmentSchedule
{
    readonly SegmentationOptions _options;
    readonly SegmentCountPolicy _policy;
    readonly long[] _bootstrapEnds;

    /// <summary>Schedule of a location, with the set's own segment length where its mapping has one.</summary>
    public SegmentSchedule(SegmentationOptions options, long? segmentDuration = null)
    {
        SegmentDuration = segmentDuration ?? options.SegmentDuration;
        AlignToKeyFrames = options.AlignToKeyFrames;
        _policy = options.CountPolicy;
        _bootstrapEnds = new long[options.BootstrapSegmentDurations.Count];
        _options = options;
        long end = 0;
        for (var i = 0; i < _bootstrapEnds.Length; i++)
        {
            end += options.BootstrapSegmentDurations[i];
            _bootstrapEnds[i] = end;
        }

        MaxSegmentDuration = Math.Max(SegmentDuration, options.BootstrapSegmentDurations.DefaultIfEmpty(0).Max());
    }

    /// <summary>Of segments after the bootstrap ones.</summary>
    public long SegmentDuration { get; }

    /// <summary>Longest nominal segment.</summary>
    public long MaxSegmentDuration { get; }

    /// <summary>Whether segments start at key frames.</summary>
    public bool AlignToKeyFrames { get; }

    /// <summary>The same without short segments at the beginning: what a clip that is not the first is cut by.</summary>
    public SegmentSchedule AfterBootstrap() =>
        _bootstrapEnds.Length == 0 ? this : new SegmentSchedule(_options with { BootstrapSegmentDurations = [] }, SegmentDuration);

    long BootstrapTotal => _bootstrapEnds.Length == 0 ? 0 : _bootstrapEnds[^1];

    /// <summary>Number of segments that a stream of this length has: at least one, unless it is empty.</summary>
    public int CountOf(long duration)
    {
        if (duration <= 0)
        {
            return 0;
        }

        return _policy switch
        {
            SegmentCountPolicy.LastShort => LastShort(duration),
            SegmentCountPolicy.LastLong => LastLong(duration),
            _ => LastRounded(duration),
        };
    }

    /// <summary>Nominal start of a segment; that of the segment after it is its nominal end.</summary>
    public long StartOf(int index)
    {
        if (index == 0)
        {
            return 0;
        }

        return index <= _bootstrapEnds.Length
            ? _bootstrapEnds[index - 1]
            : BootstrapTotal + (long)(index - _bootstrapEnds.Length) * SegmentDuration;
    }

    /// <summary>Number of the segment that <paramref name="time"/> falls into, nominally.</summary>
    public int IndexAt(long time)
    {
        time = Math.Max(0, time);
        if (time >= BootstrapTotal)
        {
            return (int)Math.Min(int.MaxValue, _bootstrapEnds.Length + (time - BootstrapTotal) / SegmentDuration);
        }

        var index = 0;
        while (_bootstrapEnds[index] <= time)
        {
            index++;
        }

        return index;
    }

    int LastShort(long duration) =>
        duration > BootstrapTotal
            ? Clamp(_bootstrapEnds.Length + (duration - BootstrapTotal + SegmentDuration - 1) / SegmentDuration)
            : Array.FindIndex(_bootstrapEnds, end => end >= duration) + 1;

    int LastLong(long duration) =>
        duration >= BootstrapTotal
            ? Clamp(_bootstrapEnds.Length + (duration - BootstrapTotal) / SegmentDuration)
            : Clamp(Array.FindIndex(_bootstrapEnds, end => end > duration));

    int LastRounded(long duration)
    {
        if (duration >= BootstrapTotal)
        {
            return Clamp(_bootstrapEnds.Length + (duration - BootstrapTotal + SegmentDuration / 2) / SegmentDuration);
        }

        var index = IndexAt(duration);
        var middle = (StartOf(index) + StartOf(index + 1)) / 2;
        return Clamp(duration >= middle ? index + 1 : index);
    }

    static int Clamp(long count) => (int)Math.Clamp(count, 1, int.MaxValue / 2);
}
