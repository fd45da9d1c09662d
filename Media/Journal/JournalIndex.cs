using Tributary.Media.Frames;

namespace Tributary.Media.Journal;

/// <summary>One track's share of one recorded segment: a run of bytes of its media file.</summary>
/// <param name="Track">Its configuration; null for a gap.</param>
/// <param name="Epoch">Epoch of the source.</param>
/// <param name="Offset">Place in the media file of the volume.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Parts">Parts so far.</param>
/// <param name="Dts">Decoding time of the first frame, in ticks of <paramref name="Timescale"/>.</param>
/// <param name="CompositionOffset">Presentation minus decoding time of the first frame.</param>
/// <param name="Duration">In ticks of <paramref name="Timescale"/>; of the parts so far where it is not complete.</param>
/// <param name="Timescale">Ticks per second.</param>
/// <param name="StartsWithKey">Whether decoding can start here.</param>
/// <param name="IsComplete">Whether nothing more belongs to it.</param>
public sealed record RecordedShare(
    JournalTrack? Track, long Epoch, long Offset, long Length, int Parts, long Dts, int CompositionOffset, long Duration, int Timescale, bool StartsWithKey,
    bool IsComplete)
{
    public bool IsGap => Parts == 0;

    public long Duration90k => MediaTime.RescaleNearest(Duration, Timescale, MediaTime.Hz90k);
}

/// <summary>One number of the stream's timeline in one volume.</summary>
public sealed class RecordedSegment(long msn)
{
    readonly List<RecordedShare?> _shares = [];

    public long Msn => msn;

    /// <summary>Null for a number that no source used.</summary>
    public SegmentMark? Mark { get; internal set; }

    /// <summary>What a track has in it; null while that is nothing.</summary>
    public RecordedShare? Share(int slot) => slot < _shares.Count ? _shares[slot] : null;

    internal void Set(int slot, RecordedShare share)
    {
        while (_shares.Count <= slot)
        {
            _shares.Add(null);
        }

        _shares[slot] = share;
    }
}

/// <summary>
/// What the journal of one volume says, record by record: which segments its media files hold, and where. Reading can go on where it stopped, while
/// the journal grows.
/// </summary>
public sealed class JournalIndex
{
    /// <summary>Segments that a volume may have: what more a damaged or hostile one says is not believed.</summary>
    public const int MaxSegments = 1_000_000;

    readonly SortedList<long, RecordedSegment> _segments = [];
    readonly List<JournalTrack?> _tracks = [];
    readonly List<long> _mediaLengths = [];

    /// <summary>Null before the first record.</summary>
    public JournalVolumeHead? Head { get; private set; }

    /// <summary>Bytes of whole records that were read.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the journal was ended in order, or repaired.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Whether a record was whole but said what cannot be: nothing behind it is read.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>By number.</summary>
    public IList<RecordedSegment> Segments => _segments.Values;

    /// <summary>The newest configuration of each track, by slot.</summary>
    public IReadOnlyList<JournalTrack?> Tracks => _tracks;

    /// <summary>Bytes of a track's media file that the journal knows.</summary>
    public long MediaLength(int slot) => slot < _mediaLengths.Count ? _mediaLengths[slot] : 0;

    public RecordedSegment? Find(long msn) => _segments.GetValueOrDefault(msn);

    /// <summary>Reads the records that <paramref name="data"/> continues with. Returns the bytes that were read: what is left is torn, or not written yet.</summary>
    public int Read(ReadOnlySpan<byte> data)
    {
        var read = 0;
        while (!IsEnded && !IsDamaged && JournalRecord.TryRead(data[read..], out var type, out var payload))
        {
            if (!Apply(type, payload))
            {
                IsDamaged = true;
                break;
            }

            read += JournalRecord.Head + payload.Length;
        }

        Length += read;
        return read;
    }

    bool Apply(JournalRecordType type, ReadOnlySpan<byte> payload)
    {
        if (Head is null != (type == JournalRecordType.Volume))
        {
            return false;
        }

        switch (type)
        {
            case JournalRecordType.Volume:
                var whole = JournalDecoder.TryRead(payload, out JournalVolumeHead head);
                Head = whole ? head : null;
                return whole;
            case JournalRecordType.Track:
                return JournalDecoder.TryRead(payload, out JournalTrack? track) && Add(track!);
            case JournalRecordType.Segment:
                return JournalDecoder.TryRead(payload, out var msn, out var mark) && Add(msn, mark);
            case JournalRecordType.Part:
                return JournalDecoder.TryRead(payload, out JournalPart part) && Add(part);
            case JournalRecordType.SegmentEnd:
                return JournalDecoder.TryRead(payload, out JournalSegmentEnd end) && Add(end);
            default:
                IsEnded = type == JournalRecordType.End;
                return IsEnded;
        }
    }

    bool Add(JournalTrack track)
    {
        while (_tracks.Count <= track.Slot)
        {
            _tracks.Add(null);
            _mediaLengths.Add(0);
        }

        if (!Extend(track.Slot, track.InitOffset, track.InitLength))
        {
            return false;
        }

        _tracks[track.Slot] = track;
        return true;
    }

    bool Add(long msn, SegmentMark? mark)
    {
        if (!_segments.TryGetValue(msn, out var segment))
        {
            if (_segments.Count >= MaxSegments)
            {
                return false;
            }

            _segments.Add(msn, segment = new RecordedSegment(msn));
        }

        segment.Mark = mark ?? segment.Mark;
        return true;
    }

    bool Add(in JournalPart part)
    {
        if (Find(part.Msn) is not { } segment || part.Slot >= _tracks.Count || _tracks[part.Slot] is not { } track)
        {
            return false;
        }

        // The source of a later epoch begins the number anew; what the earlier one had of it is void.
        var known = segment.Share(part.Slot);
        if (known is null || known.Epoch < part.Epoch || part.Part == 0)
        {
            known = new RecordedShare(track, part.Epoch, part.Offset, 0, 0, part.Dts, part.CompositionOffset, 0, track.Info.Timescale, part.StartsWithKey, false);
        }

        if (part.Part != known.Parts || part.Offset != known.Offset + known.Length || !Extend(part.Slot, part.Offset, part.Length))
        {
            return false;
        }

        segment.Set(part.Slot, known with { Length = known.Length + part.Length, Parts = part.Part + 1, Duration = known.Duration + part.Duration });
        return true;
    }

    bool Add(in JournalSegmentEnd end)
    {
        if (Find(end.Msn) is not { } segment)
        {
            return false;
        }

        if (!end.IsGap && segment.Share(end.Slot) is not { IsGap: false })
        {
            return false;
        }

        segment.Set(end.Slot, end.IsGap
            ? new RecordedShare(null, end.Epoch, 0, 0, 0, 0, 0, end.Duration, end.Timescale, false, true)
            : segment.Share(end.Slot)! with { IsComplete = true, Duration = end.Duration });
        return true;
    }

    // Media files grow from their end on: a place before it would be a second content for the same bytes.
    bool Extend(int slot, long offset, long length)
    {
        if (offset != _mediaLengths[slot])
        {
            return false;
        }

        _mediaLengths[slot] = offset + length;
        return true;
    }
}
