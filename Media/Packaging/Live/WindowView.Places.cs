namespace Tributary.Media.Packaging.Live;

// How far its tracks have come.
public sealed partial class WindowView
{
    /// <summary>
    /// Whether the track's rendition is lost and nobody fills for it, as no other has its codec, while others go on: what they bring does not wait for it.
    /// </summary>
    public bool IsLeftBehind(TrackView track) =>
        HomeOf(track) is { Pause: not null } && Array.Exists(_tracks, other => other.Rendition != track.Rendition && other.End - track.End >= LadderTrack.Behind);

    /// <summary>
    /// Whether the tracks (one of them null, or both of one playlist) have come to a place: a number, complete where <paramref name="part"/> is
    /// negative, or that part of it. A part beyond the last of its segment is part 0 of the next (RFC 8216bis §6.2.5.2).
    /// </summary>
    public bool Reaches(TrackView? video, TrackView? audio, long msn, int part) =>
        (video is null || Reaches(video, msn, part)) && (audio is null || Reaches(audio, msn, part));

    bool Reaches(TrackView track, long msn, int part)
    {
        if (part >= 0 && msn == track.End)
        {
            return part < track.Parts.Length;
        }

        var isPast = part >= 0 && msn == track.End - 1 && Share(track, msn) is { IsGap: false } last && part >= last.Parts.Length;
        return isPast ? track.Parts.Length > 0 : msn < track.End;
    }

    /// <summary>
    /// Whether no part from <paramref name="part"/> on comes any more of a number of the track itself, whoever fills it in a playlist: it is complete, a gap,
    /// or was given up by a source that is lost.
    /// </summary>
    public bool IsOver(TrackView track, long msn, int part)
    {
        var home = HomeOf(track);
        var segment = home.Segment(msn);
        var isClosed = home.Pause is not null || segment?.Track(track.Slot) is not null || home.Find(track.Kind, track.Number) is not { } own || msn < own.End;
        return isClosed && part >= (segment?.Parts(track.Slot).Length ?? 0);
    }
}
