using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>
/// A place at the live edge of one playlist: its tracks by number (0 is none), a media sequence number, and a part of it or -1 for all of it.
/// <paramref name="OrOver"/>: who reads the number itself, not a playlist, wants to know as well that it has no such part.
/// </summary>
readonly record struct EdgePlace(int Video, int Audio, long Msn, int Part, bool OrOver = false)
{
    /// <summary>The track that leads; null where the stream has it no more.</summary>
    public TrackView? TrackOf(WindowView view) => Video > 0 ? view.Find(TrackKind.Video, Video) : view.Find(TrackKind.Audio, Audio);

    /// <summary>Whether the place is listed, or can never be: then there is nothing to wait for.</summary>
    public bool IsReached(WindowView view)
    {
        var (video, audio) = (view.Find(TrackKind.Video, Video), view.Find(TrackKind.Audio, Audio));
        return view.Closed || view.Pause == WindowPause.OffAir || (video is null && audio is null) || view.Reaches(video, audio, Msn, Part)
            || (OrOver && IsOver(view));
    }

    /// <summary>Whether neither this part nor one after it comes any more.</summary>
    public bool IsOver(WindowView view) => TrackOf(view) is { } track && view.IsOver(track, Msn, Part);

    /// <summary>
    /// Whether it is further ahead than a player may ask: two segments after the last complete one, or the advance part limit after the last part
    /// (RFC 8216bis §6.2.5.2: three seconds in parts shorter than one, else three).
    /// </summary>
    public bool IsTooFar(WindowView view)
    {
        var (end, parts) = TrackOf(view) is { } track ? (track.End, track.Parts.Length) : (0, 0);
        var limit = view.PartTarget90k is > 0 and < MediaTime.Hz90k ? (3 * MediaTime.Hz90k + view.PartTarget90k - 1) / view.PartTarget90k : 3;
        return Msn > end + 1 || (Msn >= end && Part >= limit + (Msn == end ? parts : 0));
    }
}
