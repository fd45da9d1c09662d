using System.Runtime.InteropServices;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>The segments that a window keeps: consecutive numbers without a hole. For its writer alone.</summary>
sealed class SegmentList
{
    readonly List<LiveSegment> _segments = [];

    public bool IsEmpty => _segments.Count == 0;

    /// <summary>The oldest number; -1 where there is none.</summary>
    public long First => IsEmpty ? -1 : _segments[0].Msn;

    /// <summary>The newest number; -1 where there is none.</summary>
    public long Newest => IsEmpty ? -1 : _segments[^1].Msn;

    /// <summary>Bytes of what is complete.</summary>
    public long Bytes
    {
        get
        {
            long sum = 0;
            foreach (var segment in CollectionsMarshal.AsSpan(_segments))
            {
                sum += segment.Bytes;
            }

            return sum;
        }
    }

    public LiveSegment this[long msn] => _segments[(int)(msn - _segments[0].Msn)];

    public LiveSegment? Find(long msn) => msn >= First && msn <= Newest && !IsEmpty ? this[msn] : null;

    public void Add(LiveSegment segment) => _segments.Add(segment);

    /// <summary>Media time of the numbers from <paramref name="from"/> to before <paramref name="end"/>, in 90 kHz ticks.</summary>
    public long Duration90k(long from, long end)
    {
        long sum = 0;
        for (var msn = from; msn < end; msn++)
        {
            sum += this[msn].Duration90k;
        }

        return sum;
    }

    /// <summary>What is known of the numbers from <paramref name="from"/> to before <paramref name="end"/> that are here.</summary>
    public SegmentMark?[] Marks(long from, long end) =>
        [.. _segments.Where(segment => segment.Msn >= from && segment.Msn < end).Select(segment => segment.Mark)];

    public void DropOldest() => Drop(0, 1);

    /// <summary>Drops this number and those after it.</summary>
    public void DropFrom(long msn) => Drop((int)Math.Clamp(msn - First, 0, _segments.Count), _segments.Count);

    public void Clear() => Drop(0, _segments.Count);

    public LiveSegment[] ToArray() => [.. _segments];

    void Drop(int from, int end)
    {
        for (var index = from; index < end; index++)
        {
            _segments[index].Release();
        }

        _segments.RemoveRange(from, end - from);
    }
}
