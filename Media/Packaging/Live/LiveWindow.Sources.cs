using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

// How one source follows another.
public sealed partial class LiveWindow
{
    (long Epoch, long Msn) _settled = (-1, long.MaxValue);

    /// <summary>
    /// The source of <paramref name="epoch"/> is replaced. What is complete stays, what is open of it waits for the next source to say what becomes
    /// of it: begun anew, or, where parts of it were sent to anybody, a gap. Parts that were listed but never sent bind nobody: who asks for
    /// them from here on gets those of the next source. Null where there is nothing yet.
    /// </summary>
    public LiveWindowEdge? Settle(long epoch)
    {
        lock (_gate)
        {
            if (_newest is not { } newest || _tracks.Count == 0 || newest.Epoch > epoch)
            {
                return null;
            }

            var msn = _tracks.Max(track => track.NextMsn);
            _settled = (epoch, msn);
            var segment = _segments.Find(msn);
            var mark = segment?.Mark;
            var start90k = mark?.Start90k ?? _end90k;
            var partsWereSent = segment?.Settle() ?? false;
            return new LiveWindowEdge(
                msn,
                partsWereSent,
                start90k,
                partsWereSent ? segment!.PartsEnd90k(start90k) : start90k,
                mark?.ProgramDateTime ?? newest.ProgramDateTime + MediaTime.ToTimeSpan(start90k - newest.Start90k, MediaTime.Hz90k),
                newest.DiscontinuitySequence - (mark?.StartsDiscontinuity == true ? 1 : 0),
                mark?.StartsDiscontinuity == true);
        }
    }

    // A newer source goes on. What the older one had opened is forgotten from the first number on that the newer one begins or closes as a gap; a
    // listed number keeps its content, and false says that this is one.
    bool TakeOver(SegmentMark mark)
    {
        var first = Math.Min(mark.Msn - mark.GapsBefore, _settled.Msn);
        _settled = (-1, long.MaxValue);
        if (first > _segments.Newest && mark.GapsBefore == 0)
        {
            return true;
        }

        if (mark.Msn < _segments.First)
        {
            Restart();
            return true;
        }

        first = Math.Max(first, _tracks.Max(track => track.NextMsn));
        foreach (var track in _tracks.Where(track => track.OpenMsn >= first))
        {
            Forget(track);
        }

        SegmentMark?[] given = first < mark.Msn && mark.GapsBefore == 0 ? _segments.Marks(first, mark.Msn) : [];
        _segments.DropFrom(first);
        var isNew = first <= mark.Msn;
        foreach (var open in given)
        {
            _segments.Add(new LiveSegment(first++, open is null ? null : LeftBefore(mark, open), _options.MaxTracks));
        }

        for (; first < mark.Msn && _segments.Newest == first - 1 && mark.GapsBefore > 0; first++)
        {
            _segments.Add(new LiveSegment(first, GapBefore(mark, first), _options.MaxTracks));
        }

        return isNew;
    }

    // A number that was begun and is left out keeps its place; a discontinuity before it is the next source's, unless that one counts it.
    static SegmentMark LeftBefore(SegmentMark next, SegmentMark open)
    {
        var before = next.DiscontinuitySequence - (next.StartsDiscontinuity ? 1 : 0);
        return open.DiscontinuitySequence <= before ? open : open with { DiscontinuitySequence = before, StartsDiscontinuity = false };
    }

    // The same at every gateway, whatever it had received of the number.
    static SegmentMark GapBefore(SegmentMark next, long msn)
    {
        var length90k = (next.Start90k - next.GapStart90k) / next.GapsBefore;
        var start90k = next.Start90k - (next.Msn - msn) * length90k;
        return next with
        {
            Msn = msn,
            DiscontinuitySequence = next.DiscontinuitySequence - (next.StartsDiscontinuity ? 1 : 0),
            StartsDiscontinuity = false,
            Start90k = start90k,
            ProgramDateTime = next.GapTime + MediaTime.ToTimeSpan(start90k - next.GapStart90k, MediaTime.Hz90k),
            GapsBefore = (int)(next.Msn - msn),
        };
    }
}
