using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

// What readers see of it: which numbers are listed and kept, and what each track shows.
public sealed partial class LiveWindow
{
    void Publish()
    {
        if (!_dirty)
        {
            return;
        }

        _dirty = false;
        MoveFront();
        ShowTracks();
        Volatile.Write(ref _view, new WindowView(
            _tracks, _segments, _front, _generation, _pause, _disposed, _target, _partTarget90k, _drops, _view, _muxers)
        {
            Choice = Choice,
        });
        Interlocked.Exchange(ref _changed, null)?.TrySetResult();
        Published?.Invoke();
    }

    // What a track shows, the other renditions' place included, is taken when the track itself changes: so the playlist of a rendition at one of
    // its places is the same on every gateway, whoever asks when.
    void ShowTracks()
    {
        foreach (var track in _tracks)
        {
            if (track.View is not { } shown || track.IsChanged || shown.First < _segments.First)
            {
                track.View = new TrackView(track.Slot, track.Name, track.Info, Math.Max(track.FirstMsn, _front), track.NextMsn, track.Measured)
                {
                    Parts = track.Open?.Parts(track.Slot) ?? [],
                    OpenInit = track.OpenInit,
                    Others = PlacesOfOthers(track),
                    Rendition = _rendition,
                    Number = track.Number,
                };
                track.IsChanged = false;
            }
        }
    }

    RenditionPlace[] PlacesOfOthers(LiveTrack track)
    {
        var places = new List<RenditionPlace>(_tracks.Count);
        foreach (var other in _tracks)
        {
            var open = other.Open?.Parts(other.Slot).Length ?? 0;
            var msn = open > 0 ? other.NextMsn : other.NextMsn - 1;
            if (other != track && msn >= other.FirstMsn)
            {
                places.Add(new RenditionPlace(other.Name, msn, _segments.Find(msn)?.Parts(other.Slot).Length - 1 ?? -1));
            }
        }

        return [.. places];
    }

    void MoveFront()
    {
        if (_tracks.Count == 0 || _segments.IsEmpty)
        {
            return;
        }

        _front = Math.Max(_front, _segments.First);
        var end = _tracks.Min(track => track.NextMsn);
        var least = Math.Max((long)(_options.Window.TotalSeconds * MediaTime.Hz90k), 3L * _target * MediaTime.Hz90k);
        var listed = _segments.Duration90k(_front, end);
        while (_front < end - 1 && (listed - _segments[_front].Duration90k >= least || end - _front > _options.MaxSegments))
        {
            listed -= _segments[_front++].Duration90k;
        }

        Trim(least);
    }

    // Removed segments stay fetchable for their duration and that of the longest playlist that had them (RFC 8216 §6.2.2).
    void Trim(long listed)
    {
        var target = _target * (long)MediaTime.Hz90k;
        var kept = _segments.Duration90k(_segments.First, _front);
        while (_segments.First < _front && kept - _segments[_segments.First].Duration90k > listed + target)
        {
            kept -= _segments[_segments.First].Duration90k;
            _segments.DropOldest();
        }

        // Over the limit of bytes everything but the last segments goes.
        var complete = _tracks.Min(track => track.NextMsn);
        var open = _tracks.Sum(track => track.OpenBytes);
        while (_segments.First + 3 < complete && _segments.Bytes + open > _options.MaxBytes)
        {
            _segments.DropOldest();
            _front = Math.Max(_front, _segments.First);
        }
    }
}
