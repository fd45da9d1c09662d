using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>What a <see cref="LiveWindow"/> held at one moment. Immutable.</summary>
public sealed partial class WindowView
{
    internal static readonly WindowView Empty = new();

    readonly TrackView[] _tracks;
    readonly LiveSegment[] _segments;
    readonly SegmentMuxers? _muxers;
    readonly (int Rendition, WindowView View)[] _homes = [];
    readonly bool? _isReady;

    WindowView() => (_segments, _tracks) = ([], []);

    internal WindowView(
        List<LiveTrack> tracks,
        SegmentList segments,
        long front,
        int generation,
        WindowPause? pause,
        bool closed,
        int targetDuration,
        int partTarget90k,
        WindowDrops drops,
        WindowView previous,
        SegmentMuxers muxers)
    {
        _tracks = [.. tracks.Select(track => track.View!)];
        (_segments, _muxers) = (segments.ToArray(), muxers);
        (Front, Generation, Pause, Closed, Drops) = (front, generation, pause, closed, drops);
        TargetDuration = targetDuration > 0 ? targetDuration : previous.TargetDuration;
        PartTarget90k = partTarget90k > 0 ? partTarget90k : previous.PartTarget90k;
        Version = previous.Version + 1;
    }

    /// <summary>Whether chunks may carry timed metadata (emsg).</summary>
    internal bool HasEvents => _muxers?.SyncPoint is not null || _homes.Any(home => home.View.HasEvents);

    /// <summary>The views of several renditions as one; their segments stay where they are.</summary>
    internal WindowView(TrackView[] tracks, (int Rendition, WindowView View)[] homes, long front, WindowPause? pause, bool isReady, WindowView previous)
    {
        (_tracks, _homes, _segments, _isReady) = (tracks, homes, [], isReady);
        (Front, Pause, Version) = (front, pause, previous.Version + 1);
        TargetDuration = homes.Max(home => home.View.TargetDuration);
        PartTarget90k = homes.Max(home => home.View.PartTarget90k);
        Generation = homes.Sum(home => home.View.Generation);
        Closed = homes[0].View.Closed;
        foreach (var (_, view) in homes)
        {
            Drops = new WindowDrops(
                Drops.Late + view.Drops.Late, Drops.Configuration + view.Drops.Configuration,
                Drops.SegmentTooLarge + view.Drops.SegmentTooLarge, Drops.TooManyTracks + view.Drops.TooManyTracks);
        }
    }

    public IReadOnlyList<TrackView> Tracks => _tracks;

    /// <summary>
    /// The tracks that players are told of: every picture, and each sound once. Renditions mostly bring the same sound; that of the first of them is
    /// offered, and those of renditions without a picture, or in another language.
    /// </summary>
    public IEnumerable<TrackView> Offered => _tracks.Where(track => Choice.Offers(track) ?? IsOfferedByItself(track));

    bool IsOfferedByItself(TrackView track) =>
        _homes.Length == 0
        || track.Kind == TrackKind.Video
        || Array.TrueForAll(_tracks, other => other.Rendition != track.Rendition || other.Kind == TrackKind.Audio)
        || Array.TrueForAll(_tracks, other =>
            other.Rendition >= track.Rendition || other.Kind == TrackKind.Video || Choice.LanguageOf(other) != Choice.LanguageOf(track));

    /// <summary>What an operator wants players to be told of the tracks.</summary>
    public TrackChoice Choice { get; internal init; } = TrackChoice.None;

    /// <summary>Rises with every change.</summary>
    public long Version { get; }

    /// <summary>Rises when the window began anew: nothing listed before goes on.</summary>
    public int Generation { get; }

    /// <summary>First listed number.</summary>
    public long Front { get; } = -1;

    /// <summary>In seconds; 0 before the first segment.</summary>
    public int TargetDuration { get; }

    /// <summary>No part is longer, in 90 kHz ticks; 0 where the source cuts none for players.</summary>
    public int PartTarget90k { get; }

    /// <summary>Why no frames come, where that is known.</summary>
    public WindowPause? Pause { get; }

    /// <summary>The window was disposed.</summary>
    public bool Closed { get; }

    public WindowDrops Drops { get; }

    /// <summary>The first video track, else the first audio track.</summary>
    public TrackView? Leading => Array.Find(_tracks, track => track.Kind == TrackKind.Video) ?? Array.Find(_tracks, track => track.Kind == TrackKind.Audio);

    /// <summary>Whether every track has shown a segment, so that a master playlist can tell all of them.</summary>
    public bool IsReady => _isReady is { } known ? known && _tracks.Length > 0 : Tracks.Count > 0 && Tracks.All(track => track.End > track.First) && Tracks.Any(HasMedia);

    /// <summary>The track with this number among those of its kind, as its name says it.</summary>
    public TrackView? Find(TrackKind kind, int number)
    {
        foreach (var track in _tracks)
        {
            if (track.Kind == kind && track.Number == number)
            {
                return track;
            }
        }

        return null;
    }
}
