using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>A track, and what the window of its rendition held at the same moment.</summary>
readonly record struct LadderShare(TrackView Track, WindowView Home)
{
    /// <summary>Whether nothing comes of it for now.</summary>
    public bool IsLost => Home.Pause is not null || Home.Closed;

    /// <summary>What it has in a number; null where that is not complete, or not there.</summary>
    public TrackSegment? this[long msn] => Home.Segment(msn)?.Track(Track.Slot);

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
}
