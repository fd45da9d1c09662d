namespace Tributary.Media.Packaging.Live;

/// <summary>
/// The windows of all renditions of an entry as one. Each rendition has a window of its own; here their views become one view, in which a rendition that
/// has nothing in a segment shows its nearest's, so that every playlist goes on while any rendition does. With one rendition it is that one's view.
/// </summary>
/// <remarks>
/// What is filled stays filled: a number that was listed with the nearest's media keeps it when the rendition is back. Where a rendition is lost all
/// gateways fill from the same segment on, unless one of them lacks its last frames.
/// </remarks>
public sealed class LiveLadder
{
    readonly Lock _gate = new();
    readonly List<LadderTrack> _tracks = [];
    (int Rendition, LiveWindow Window)[] _windows = [];
    WindowView _view = WindowView.Empty;
    TaskCompletionSource? _changed;
    long _front = -1;
    bool _wasReady;
    volatile bool _dirty = true;

    public LiveLadder(LiveWindow first) => Add(1, first);

    /// <summary>Whether there is more than one rendition.</summary>
    public bool IsLadder => Volatile.Read(ref _windows).Length > 1;

    public WindowView View
    {
        get
        {
            if (Volatile.Read(ref _windows) is [var only])
            {
                return only.Window.View;
            }

            if (_dirty)
            {
                lock (_gate)
                {
                    _dirty = false;
                    Volatile.Write(ref _view, Merge());
                }
            }

            return Volatile.Read(ref _view);
        }
    }

    /// <summary>Completes with the next change of any rendition. Take it, look at <see cref="View"/>, then await it: no change is missed.</summary>
    public Task Changed
    {
        get
        {
            var waiting = Volatile.Read(ref _changed);
            if (waiting is null)
            {
                var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting = Interlocked.CompareExchange(ref _changed, fresh, null) ?? fresh;
            }

            return waiting.Task;
        }
    }

    internal SegmentMuxers Muxers => _windows[0].Window.Muxers;

    /// <summary>Adds the window of a rendition, in the place of the one that it had.</summary>
    public void Add(int rendition, LiveWindow window)
    {
        lock (_gate)
        {
            _windows = [.. _windows.Where(known => known.Rendition != rendition).Append((rendition, window)).OrderBy(one => one.Item1)];
            window.Published = Renew;
            window.OthersGoOn = () => Array.Exists(Volatile.Read(ref _windows), one => one.Window != window && one.Window.View is { Pause: null, Tracks.Count: > 0 });
        }

        Renew();
    }

    void Renew()
    {
        _dirty = true;
        Interlocked.Exchange(ref _changed, null)?.TrySetResult();
    }

    WindowView Merge()
    {
        var homes = Array.ConvertAll(_windows, one => (one.Rendition, one.Window.View));
        var begun = homes.Where(home => home.View.Tracks.Count > 0).ToArray();
        var alive = begun.Where(home => home.View.Pause is null).ToArray();
        var reference = alive.Concat(begun).FirstOrDefault().View;
        if (reference is null)
        {
            return new WindowView([], homes, -1, null, false, _view);
        }

        if (Array.TrueForAll(begun, home => home.View.Tracks.All(track => track.End < _front)))
        {
            (_front, _wasReady) = (-1, false);   // numbers never go back, unless the cluster lost its memory
            _tracks.Clear();
        }

        _front = Math.Max(_front, FrontOf(begun));
        Follow(new LadderRound(homes, _front), alive);
        var tracks = _tracks.Select(track => track.Merged).OfType<TrackView>().OrderBy(track => track.Rendition).ThenBy(track => track.Slot).ToArray();
        _wasReady &= Array.Exists(tracks, track => track.End > track.First);   // nothing that was listed goes on: who comes now waits
        _wasReady |= Array.TrueForAll(homes, home => home.View.IsReady) || begun.Any(home => home.View.IsReady && home.View.Tracks.Any(track => track.End - track.First >= 3));
        var merged = new WindowView(tracks, homes, _front, alive.Length > 0 ? null : PauseOf(begun), _wasReady, _view) { Choice = _windows[0].Window.Choice };
        foreach (var track in _tracks)
        {
            track.NoteOthers(merged);
        }

        return merged;
    }

    // Of the renditions that are at the edge the one that goes back furthest: another may have begun just now, or have lost what it had.
    static long FrontOf((int Rendition, WindowView View)[] begun)
    {
        var edge = begun.Max(home => EndOf(home.View));
        return begun.Where(home => EndOf(home.View) > edge - LadderTrack.Behind).Min(home => home.View.Front);
    }

    static long EndOf(WindowView view) => view.Tracks.Max(track => track.End);

    void Follow(LadderRound round, (int Rendition, WindowView View)[] alive)
    {
        foreach (var (rendition, view) in round.Homes)
        {
            var known = _tracks.Where(track => track.Rendition == rendition).ToList();
            var keepsLast = view is { Pause: not null, Tracks.Count: > 0 } && known.Exists(track => track.HasShown(EndOf(view) - 1));
            foreach (var own in view.Tracks.Where(own => !known.Exists(track => track.Slot == own.Slot)))
            {
                known.Add(new LadderTrack(rendition, own.Slot));
                _tracks.Add(known[^1]);
            }

            foreach (var track in known)
            {
                var own = view.Tracks.FirstOrDefault(own => own.Slot == track.Slot) is { } shown ? new LadderShare(shown, view) : track.Absent(view);
                track.Merge(own, Nearest(own.Track, alive), keepsLast, round);
            }
        }
    }

    // The same language before another, then the rendition whose number is closest, then the lower one.
    static LadderShare? Nearest(TrackView own, (int Rendition, WindowView View)[] alive) => alive
        .Where(home => home.Rendition != own.Rendition)
        .SelectMany(home => home.View.Tracks.Select(track => (LadderShare?)new LadderShare(track, home.View)))
        .Where(one => one!.Value.Track.Kind == own.Kind && one.Value.Track.Info.Codec == own.Info.Codec)
        .OrderBy(one => one!.Value.Track.Info.Language == own.Info.Language ? 0 : 1)
        .ThenBy(one => Math.Abs(one!.Value.Track.Rendition - own.Rendition)).ThenBy(one => one!.Value.Track.Rendition).ThenBy(one => one!.Value.Track.Slot)
        .FirstOrDefault();

    static WindowPause? PauseOf((int Rendition, WindowView View)[] begun) =>
        Array.TrueForAll(begun, home => home.View.Pause == WindowPause.OffAir) ? WindowPause.OffAir : WindowPause.SourceLost;
}
