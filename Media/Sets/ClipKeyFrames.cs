namespace Tributary.Media.Sets;

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
