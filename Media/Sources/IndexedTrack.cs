namespace Tributary.Media.Sources;

/// <summary>A track of a container that has no tables of its frames: they were gathered, one by one, when it was opened.</summary>
sealed class IndexedTrack : SourceTrack
{
    readonly FrameIndex _index;

    public IndexedTrack(FrameIndex index)
    {
        _index = index;
        foreach (var size in index.Sizes)
        {
            TotalBytes += size;
        }

        for (var i = 0; i < index.Sizes.Length; i++)
        {
            var duration = DurationOf(i);
            MinFrameDuration = duration > 0 && (MinFrameDuration == 0 || duration < MinFrameDuration) ? duration : MinFrameDuration;
        }
    }

    public override int FrameCount => _index.Sizes.Length;

    public override long TotalBytes { get; }

    public override bool HasKeyFrameTable => _index.Keys is not null;

    public override int FindFrame(long decodeTime)
    {
        var (low, high) = (0, FrameCount);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _index.Times[middle] < decodeTime ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    public override long DecodeTimeOf(int frame) => _index.Times[Math.Clamp(frame, 0, FrameCount)];

    public override int NextKeyFrame(int frame)
    {
        frame = Math.Clamp(frame, 0, FrameCount);
        var place = KeyPlace(frame);
        return _index.Keys is not { } keys ? frame : place < keys.Length ? keys[place] : FrameCount;
    }

    public override int PreviousKeyFrame(int frame)
    {
        frame = Math.Min(frame, FrameCount - 1);
        if (_index.Keys is not { } keys || frame < 0)
        {
            return frame;
        }

        var place = KeyPlace(frame);
        return place < keys.Length && keys[place] == frame ? frame : place > 0 ? keys[place - 1] : -1;
    }

    public override int Read(int first, Span<SourceFrame> frames)
    {
        var count = first < 0 ? 0 : Math.Max(0, Math.Min(frames.Length, FrameCount - first));
        var key = KeyPlace(first);
        for (var i = 0; i < count; i++)
        {
            var number = first + i;
            var isKey = _index.Keys is not { } keys || (key < keys.Length && keys[key] == number);
            frames[i] = new SourceFrame(
                _index.Offsets[number], _index.Sizes[number], _index.Times[number], DurationOf(number), _index.Compositions?[number] ?? 0, isKey);
            key += isKey ? 1 : 0;
        }

        return count;
    }

    int DurationOf(int frame) => (int)Math.Min(_index.Times[frame + 1] - _index.Times[frame], int.MaxValue);

    // Place in the table of the first key frame that is not before the frame.
    int KeyPlace(int frame)
    {
        var place = _index.Keys is null ? 0 : Array.BinarySearch(_index.Keys, frame);
        return place < 0 ? ~place : place;
    }
}
