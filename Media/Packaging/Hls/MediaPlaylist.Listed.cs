using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

// What is listed at each number, and what follows from it for the playlist as a whole.
sealed partial class MediaPlaylist
{
    // Numbers before it end earlier than the skip boundary: a player that asks for a delta knows them (RFC 8216bis §6.2.5.1).
    long SkipEnd() => BackFrom(SkipUntil);

    // A part stays listed while it is within three target durations of the end (RFC 8216bis §6.2.2).
    long PartsFrom() => HasParts ? BackFrom(PartsFor) : long.MaxValue;

    // The first number of which something is within so many target durations of the end.
    long BackFrom(int targets)
    {
        var left = targets * (long)view.TargetDuration * MediaTime.Hz90k;
        foreach (var part in _leading.Parts)
        {
            left -= MediaTime.RescaleNearest(part.Duration, _leading.Info.Timescale, MediaTime.Hz90k);
        }

        var msn = End;
        while (msn > First && left > 0)
        {
            var (segment, track, _) = Look(--msn);
            left -= ListedMicros(segment, track) * 9 / 100;
        }

        return msn;
    }

    // 3 for decimals, 7 for fMP4 as Apple asks for it, 8 for gaps.
    int Version()
    {
        for (var msn = First; msn < End; msn++)
        {
            if (Look(msn).Share is null or { IsGap: true })
            {
                return 8;
            }
        }

        return form == HlsForm.Cmaf ? 7 : 3;
    }

    // Discontinuities before the first tag in this playlist: what every gateway says for the same first segment.
    long DiscontinuitySequence()
    {
        for (var msn = First; msn < End; msn++)
        {
            if (Look(msn).Segment.Mark is { } mark)
            {
                return mark.DiscontinuitySequence - (mark.StartsDiscontinuity ? 1 : 0);
            }
        }

        return 0;
    }

    SegmentMark? LastMark(long before)
    {
        for (var msn = before - 1; msn >= First; msn--)
        {
            if (MarkAt(Look(msn).Segment) is { } mark)
            {
                return mark;
            }
        }

        return null;
    }

    // A number that no source used belongs to what was before the source after it: so every playlist counts, also one that begins with it.
    SegmentMark? MarkAt(LiveSegment segment)
    {
        if (segment.Mark is { } own)
        {
            return own;
        }

        for (var msn = segment.Msn + 1; msn <= End; msn++)
        {
            if (view.Segment(view.CarrierOf(_leading, msn), msn)?.Mark is { } next)
            {
                return next with { DiscontinuitySequence = next.DiscontinuitySequence - (next.StartsDiscontinuity ? 1 : 0), StartsDiscontinuity = false };
            }
        }

        return null;
    }

    bool AllIndependent()
    {
        for (var msn = First; msn < End; msn++)
        {
            if (view.Share(_leading, msn) is { IsGap: false, StartsWithKey: false })
            {
                return false;
            }
        }

        return true;
    }

    // What is listed at a number, and the tracks that carry it. The share says how long the segment is: the picture's, or the sound's where the
    // picture has nothing. Both are of one rendition.
    (LiveSegment Segment, TrackSegment? Share, TrackView[] Carriers) Look(long msn)
    {
        var carrier = view.CarrierOf(_leading, msn);
        var segment = view.Segment(carrier, msn)!;
        var share = segment.Track(carrier.Slot);
        if (video is null || audio is null)
        {
            return (segment, share, [carrier]);
        }

        var sound = carrier == _leading ? audio : view.Tracks.FirstOrDefault(track => track.Kind == TrackKind.Audio && track.Rendition == carrier.Rendition);
        var alone = share is null or { IsGap: true } && sound is not null;
        return (segment, alone ? segment.Track(sound!.Slot) ?? share : share, sound is null ? [carrier] : [carrier, sound]);
    }

    (InitSegment Init, string Name)? FirstMap(long from)
    {
        for (var msn = from; form == HlsForm.Cmaf && msn < End; msn++)
        {
            var (_, share, carriers) = Look(msn);
            if (share?.Init is { } init)
            {
                return (init, carriers[0].Name);
            }
        }

        return null;
    }
}
