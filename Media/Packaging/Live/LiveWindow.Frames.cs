using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

// Where a frame comes in: its segment and its track are opened where they are new.
public sealed partial class LiveWindow
{
    void Append(in MarkedFrame marked)
    {
        if (!Enter(marked.Segment) || TrackOf(marked.Frame.Track, marked.Segment.Msn) is not { } track)
        {
            return;
        }

        var msn = marked.Segment.Msn;
        if (msn < track.NextMsn || msn < track.OpenMsn)
        {
            _drops = _drops with { Late = _drops.Late + 1 };
            return;
        }

        if (msn > track.NextMsn)
        {
            CompleteUpTo(track, msn, GoesOn(track, marked) ? marked.Frame.Dts : null);
            CompleteOthers(msn - 1);
        }

        if (!track.Accepts(marked.Frame))
        {
            _drops = _drops with { Configuration = _drops.Configuration + 1 };
            return;
        }

        if (track.OpenBytes + marked.Frame.Data.Length > _options.MaxSegmentBytes && track.OpenMsn >= 0)
        {
            _drops = _drops with { SegmentTooLarge = _drops.SegmentTooLarge + 1 };
            return;
        }

        _end90k = Math.Max(_end90k, marked.Frame.Pts90k + track.Step90k(marked.Frame));
        marked.Frame.Data.Retain();
        track.Add(marked, _segments[msn]);
        _dirty |= track.IsChanged;
    }

    // Opens the segment of a mark where it is new; false when its time has passed.
    bool Enter(SegmentMark mark)
    {
        if (mark.Epoch <= _settled.Epoch && mark.Msn >= _settled.Msn)
        {
            return false;
        }

        if (ReferenceEquals(mark, _newest))
        {
            return true;
        }

        if (_newest is { } newest && mark.Epoch > newest.Epoch && !TakeOver(mark))
        {
            return false;
        }

        var newestMsn = _segments.Newest;
        if (mark.Msn <= newestMsn)
        {
            return mark.Msn >= _segments.First;
        }

        var skips = mark.Msn - newestMsn - 1;
        if ((_pause == WindowPause.OffAir || skips > MaxSkipped) && (skips > _options.MaxSegments || !OthersGoOn()))
        {
            Restart();
            newestMsn = -1;
        }

        for (var skipped = newestMsn + 1; newestMsn >= 0 && skipped < mark.Msn; skipped++)
        {
            _segments.Add(new LiveSegment(skipped, null, _options.MaxTracks));
        }

        Open(mark);
        return true;
    }

    void Open(SegmentMark mark)
    {
        _segments.Add(new LiveSegment(mark.Msn, mark, _options.MaxTracks));
        (_newest, _pause, _target) = (mark, null, Math.Max(_target, mark.TargetDuration));
        _partTarget90k = Math.Max(_partTarget90k, mark.PartTarget90k);
    }

    LiveTrack? TrackOf(TrackInfo info, long msn)
    {
        foreach (var known in _tracks)
        {
            if (known.Info.Id == info.Id)
            {
                return known;
            }
        }

        return AddTrack(info, msn);
    }

    LiveTrack? AddTrack(TrackInfo info, long msn)
    {
        var others = _tracks.Count(known => known.Info.Kind == info.Kind);
        if (_tracks.Count == _options.MaxTracks || others == TracksPerKind)
        {
            _drops = _drops with { TooManyTracks = _drops.TooManyTracks + 1 };
            return null;
        }

        var number = (_rendition - 1) * TracksPerKind + others + 1;
        var track = new LiveTrack(_tracks.Count, info, number, _muxers) { FirstMsn = msn, NextMsn = msn };
        _tracks.Add(track);
        return track;
    }

    static bool GoesOn(LiveTrack track, in MarkedFrame marked) =>
        track.OpenMark is { } open && open.DiscontinuitySequence == marked.Segment.DiscontinuitySequence
            && track.Info.Timescale == marked.Frame.Track.Timescale;
}
