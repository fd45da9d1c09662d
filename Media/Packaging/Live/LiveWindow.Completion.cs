using Tributary.Media.Frames;
using Tributary.Media.Segmenting;

namespace Tributary.Media.Packaging.Live;

// When a track's segment is complete, and how long it is where the track has nothing in it.
public sealed partial class LiveWindow
{
    // The symmetrical rule for stalled tracks: somebody completed `msn`; who has nothing in it yet will not complete what was before it otherwise.
    void CompleteOthers(long msn)
    {
        if (msn <= _completed)
        {
            return;
        }

        _completed = msn;
        foreach (var track in _tracks)
        {
            if (track.NextMsn < msn)
            {
                CompleteUpTo(track, msn, null);
            }
        }
    }

    void Close(long end)
    {
        if (!_segments.IsEmpty)
        {
            // Media first: a gap is as long as what the others have.
            foreach (var track in _tracks.OrderBy(track => track.OpenMsn < 0))
            {
                CompleteUpTo(track, end, null);
            }

            _completed = Math.Max(_completed, end - 1);
        }
    }

    // A stream that pauses within its first segment settles its target duration as the marker does (see SegmentMarker).
    void SettleTarget()
    {
        if (_newest is { } mark)
        {
            _target = Math.Max(_target, SegmentMarker.TargetDurationOf(mark.TargetDuration, _end90k - mark.Start90k));
        }
    }

    void CompleteUpTo(LiveTrack track, long end, long? nextDts)
    {
        for (; track.NextMsn < end; track.NextMsn++)
        {
            var segment = _segments[track.NextMsn];
            if (track.OpenMsn == segment.Msn)
            {
                // Where the track skips a segment, its last frame does not last until it comes back.
                var complete = track.Close(end - segment.Msn == 1 ? nextDts : null);
                segment.Complete(track.Slot, complete);
                track.Measure(complete, _target);
            }
            else
            {
                segment.Complete(track.Slot, new TrackSegment(null, [], GapDuration(segment), MediaTime.Hz90k));
            }

            (_dirty, track.IsChanged) = (true, true);
        }
    }

    // The distance to the next segment's start where that says something, else what the other tracks have, else the target duration.
    long GapDuration(LiveSegment segment)
    {
        var next = _segments.Find(segment.Msn + 1)?.Mark;
        if (segment.Mark is { } mark && next is { } && next.Start90k > mark.Start90k
            && (next.DiscontinuitySequence == mark.DiscontinuitySequence || next.GapsBefore > 0))
        {
            return next.Start90k - mark.Start90k;
        }

        return segment.Duration90k > 0 ? segment.Duration90k : _target * (long)MediaTime.Hz90k;
    }
}
