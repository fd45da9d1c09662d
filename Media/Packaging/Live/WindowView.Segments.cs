using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

// What it has of segments, its own and those of its renditions.
public sealed partial class WindowView
{
    /// <summary>A segment of the track that the view still has, listed or not.</summary>
    public LiveSegment? Segment(TrackView track, long msn) => HomeOf(track).Segment(msn);

    /// <summary>What the playlist of a track lists at a number: its own share, or that of the track which fills it.</summary>
    public TrackSegment? Share(TrackView track, long msn)
    {
        var carrier = CarrierOf(track, msn);
        return Segment(carrier, msn)?.Track(carrier.Slot);
    }

    /// <summary>The track whose media the playlist of <paramref name="track"/> lists at a number.</summary>
    public TrackView CarrierOf(TrackView track, long msn) =>
        track.Filled.TryGetValue(msn, out var number) ? Find(track.Kind, number) ?? track : track;

    /// <summary>A copy of the newest frame of a track with which a segment begins and decoding can.</summary>
    public bool TryCopyKeyFrame(TrackView track, out TrackInfo info, out byte[] frame)
    {
        const int Farthest = 4;
        for (var msn = track.End; msn >= track.First && msn > track.End - Farthest; msn--)
        {
            var carrier = CarrierOf(track, msn);
            if (Segment(carrier, msn) is not { } segment || segment.Parts(carrier.Slot) is not [{ StartsWithKey: true } first, ..] || !segment.TryRetain())
            {
                continue;
            }

            (info, frame) = (first.Frames[0].Track, first.Frames[0].Data.Span.ToArray());
            segment.Release();
            return true;
        }

        (info, frame) = (track.Info, []);
        return false;
    }

    WindowView HomeOf(TrackView track)
    {
        foreach (var (rendition, view) in _homes)
        {
            if (rendition == track.Rendition)
            {
                return view;
            }
        }

        return this;
    }

    /// <summary>
    /// A segment that the view still has, listed or not; of the first rendition that has it. A number that a lost source left open is begun anew by the next
    /// one, after a discontinuity: then of the first that is so far.
    /// </summary>
    public LiveSegment? Segment(long msn)
    {
        LiveSegment? newest = null;
        foreach (var (_, view) in _homes)
        {
            if (view.Segment(msn) is { Mark: { } mark } found && (newest is null || IsLater(mark, newest.Mark!)))
            {
                newest = found;
            }
        }

        return newest ?? Own(msn);
    }

    // Renditions of one run begin a number at about the same place.
    internal static bool IsLater(SegmentMark one, SegmentMark other) =>
        one.DiscontinuitySequence > other.DiscontinuitySequence
        || (one.DiscontinuitySequence == other.DiscontinuitySequence && one.Start90k - other.Start90k > MediaTime.Hz90k / 2);

    LiveSegment? Own(long msn) =>
        _segments.Length > 0 && msn >= _segments[0].Msn && msn <= _segments[^1].Msn ? _segments[(int)(msn - _segments[0].Msn)] : null;

    /// <summary>Whether the listed part of the track has anything but gaps.</summary>
    public bool HasMedia(TrackView track)
    {
        for (var msn = track.End - 1; msn >= track.First; msn--)
        {
            if (Share(track, msn) is { IsGap: false })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The initialization section with this number that a segment of the track still needs.</summary>
    public InitSegment? Init(TrackView track, ulong number)
    {
        if (_homes.Length > 0)
        {
            return HomeOf(track) is { } home && home.Find(track.Kind, track.Number) is { } own ? home.Init(own, number) : null;
        }

        if (track.OpenInit?.Number == number)
        {
            return track.OpenInit;
        }

        for (var index = _segments.Length - 1; index >= 0; index--)
        {
            if (_segments[index].Track(track.Slot)?.Init is { } init && init.Number == number)
            {
                return init;
            }
        }

        return null;
    }
}
