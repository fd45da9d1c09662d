using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>A track, and what the window of its rendition held at the same moment.</summary>
readonly record struct LadderShare(TrackView Track, WindowView Home)
{
    /// <summary>Whether nothing comes of it for now.</summary>
    public bool IsLost => Home.Pause is not null || Home.Closed;

    /// <summary>What it has in a number; null where that is not complete, or not there.</summary>
    public TrackSegment? this[long msn] => Home.Segment(msn)?.Track(Track.Slot);

    /// <summary>Whether its source ended within a number that is complete with what there is.</summary>
    public bool BrokeOff(long msn) => HasMedia(msn) && (Home.Segment(msn + 1) is { } next ? next.Mark?.Epoch != Home.Segment(msn)!.Mark!.Epoch : IsLost);

    public bool HasMedia(long msn) => this[msn] is { IsGap: false };
}

/// <summary>The views of all renditions at one moment, and the first number that the ladder lists.</summary>
sealed record LadderRound((int Rendition, WindowView View)[] Homes, long Front)
{
    /// <summary>The track with this number, in what is merged: a window may have gone on meanwhile, and what it has since is not in the merged view.</summary>
    public LadderShare? Find(TrackKind kind, int number)
    {
        foreach (var (_, home) in Homes)
        {
            if (home.Find(kind, number) is { } track)
            {
                return new LadderShare(track, home);
            }
        }

        return null;
    }

    /// <summary>
    /// Whether a number in which a source broke off may still be brought whole by another rendition: one that is lost too, and was before. Only for where
    /// nobody goes on.
    /// </summary>
    public bool IsOpen(LadderShare lost, long msn) =>
        lost.Home.Pause == WindowPause.SourceLost && msn == lost.Track.End - 1 && lost.BrokeOff(msn)
        && Array.Exists(Homes, home => home.View != lost.Home && home.View is { Pause: WindowPause.SourceLost, Tracks.Count: > 0 } && home.View.Tracks.All(track => track.End <= msn));

    /// <summary>How long a number of a run is where it is whole, in 90 kHz ticks: what the longest track of the kind has.</summary>
    public long Whole90k(LadderShare share, long msn)
    {
        var (longest, mark) = (share[msn]!.Duration90k, share.Home.Segment(msn)!.Mark!);
        foreach (var (_, home) in Homes)
        {
            if (home.Segment(msn) is not { Mark: { } other } segment || WindowView.IsLater(other, mark) || WindowView.IsLater(mark, other))
            {
                continue;
            }

            foreach (var track in home.Tracks)
            {
                if (track.Kind == share.Track.Kind && segment.Track(track.Slot) is { IsGap: false } has)
                {
                    longest = Math.Max(longest, has.Duration90k);
                }
            }
        }

        return longest;
    }
}
