namespace Tributary.Media.Packaging.Live;

/// <summary>What came of asking a window for a segment.</summary>
public enum SegmentLookup
{
    Found,

    /// <summary>Beyond the live edge.</summary>
    NotYet,

    /// <summary>It was there, and left the window.</summary>
    Gone,

    /// <summary>The rendition has nothing in this segment, or no such rendition exists.</summary>
    Nothing,
}

/// <summary>
/// The bytes of a segment, and a lease on their memory: pieces one after another, never put together. Dispose it when the last byte is written.
/// </summary>
public sealed class SegmentBody : IDisposable
{
    readonly ReadOnlyMemory<TrackPart> _parts;
    readonly ReadOnlyMemory<byte> _whole;
    LiveSegment? _segment;

    // Takes over a reference to the segment.
    internal SegmentBody(LiveSegment segment, TrackSegment track) => (_segment, _parts, Length) = (segment, track.Parts, track.Length);

    internal SegmentBody(LiveSegment segment, ReadOnlyMemory<TrackPart> parts)
    {
        (_segment, _parts) = (segment, parts);
        foreach (var part in parts.Span)
        {
            Length += part.Length;
        }
    }


    internal SegmentBody(LiveSegment segment, ReadOnlyMemory<byte> whole) => (_segment, _whole, Length) = (segment, whole, whole.Length);

    public long Length { get; }

    public PieceEnumerator GetEnumerator() => new(_parts, _whole);

    public void Dispose()
    {
        Interlocked.Exchange(ref _segment, null)?.Release();
    }

    /// <summary>Walks the pieces without allocating.</summary>
    public struct PieceEnumerator
    {
        readonly ReadOnlyMemory<TrackPart> _parts;
        ReadOnlyMemory<byte> _whole;
        int _part;
        int _frame = -2;

        internal PieceEnumerator(ReadOnlyMemory<TrackPart> parts, ReadOnlyMemory<byte> whole) => (_parts, _whole) = (parts, whole);

        public ReadOnlyMemory<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (!_whole.IsEmpty)
            {
                (Current, _whole) = (_whole, default);
                return true;
            }

            while (_part < _parts.Length)
            {
                var part = _parts.Span[_part];
                if (++_frame < part.Frames.Length)
                {
                    Current = _frame < 0 ? part.Header : part.Frames[_frame].Data.Memory;
                    return true;
                }

                (_part, _frame) = (_part + 1, -2);
            }

            return false;
        }
    }
}
