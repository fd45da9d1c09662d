namespace Tributary.Media.Sources;

/// <summary>Gathers frames in decoding order for an <see cref="IndexedTrack"/>, up to a limit.</summary>
sealed class FrameIndexBuilder(int maxFrames)
{
    readonly List<long> _times = [];
    readonly List<long> _offsets = [];
    readonly List<int> _sizes = [];
    readonly List<int> _compositions = [];
    readonly List<int> _keys = [];

    public int Count => _times.Count;

    /// <summary>When the frame after the last is decoded, as far as is known: durations count until the next frame says better.</summary>
    public long End { get; private set; }

    /// <summary>Adds a frame. Its time is not taken for less than that of the frame before it. False where there are too many.</summary>
    public bool TryAdd(long offset, int size, long time, int duration, int compositionOffset, bool isKey)
    {
        if (_times.Count >= maxFrames)
        {
            return false;
        }

        if (_times.Count > 0)
        {
            time = time - _times[^1] > int.MaxValue ? End : Math.Max(time, _times[^1]);   // a jump of hours is damage, not a gap
        }

        if (isKey)
        {
            _keys.Add(_times.Count);
        }

        _times.Add(time);
        _offsets.Add(offset);
        _sizes.Add(size);
        _compositions.Add(compositionOffset);
        End = time + duration;
        return true;
    }

    /// <summary>What was gathered, with times from the first frame on.</summary>
    /// <param name="keysAreMarked">Whether frames that are no key frames can be among them, even if all are.</param>
    public FrameIndex Build(bool keysAreMarked)
    {
        var first = _times.Count > 0 ? _times[0] : 0;
        var times = new long[_times.Count + 1];
        for (var i = 0; i < _times.Count; i++)
        {
            times[i] = _times[i] - first;
        }

        times[^1] = End - first;
        var compositions = _compositions.TrueForAll(static c => c == 0) ? null : _compositions.ToArray();
        return new FrameIndex(first, times, [.. _offsets], [.. _sizes], compositions, keysAreMarked ? [.. _keys] : null);
    }
}

/// <summary>Frames by number, in arrays.</summary>
/// <param name="Start">What the container said of the first frame's time, in ticks.</param>
/// <param name="Times">Decode times from the first frame's on, and the end.</param>
/// <param name="Offsets">Places of their first bytes.</param>
/// <param name="Sizes">Bytes.</param>
/// <param name="Compositions">Presentation minus decode times; null where all are 0.</param>
/// <param name="Keys">Numbers of key frames; null where every frame is one.</param>
sealed record FrameIndex(long Start, long[] Times, long[] Offsets, int[] Sizes, int[]? Compositions, int[]? Keys)
{
    public long MemoryBytes => 20L * Sizes.Length + (Compositions is null ? 0 : 4L * Sizes.Length) + 4L * (Keys?.Length ?? 0);
}
