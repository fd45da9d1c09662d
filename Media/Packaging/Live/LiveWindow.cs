using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>
/// The last segments of one live stream, as any gateway derives them from the same sequence of marked frames: nothing here depends on the time
/// of day, on this machine, or on who watches. One writer appends; any number of readers look at the newest <see cref="WindowView"/> without a lock.
/// <para>
/// A track's segment is complete when the track goes on in a later one, when the source pauses, or when another track has completed the segment
/// after it while this one has nothing there (it stalls). A segment without a frame of the track is a gap. So every rendition lists the same
/// numbers without a hole.
/// </para>
/// </summary>
public sealed partial class LiveWindow : IDisposable
{
    // Numbers that may be missing between two segments and are listed as gaps; a longer hole begins the window anew.
    const int MaxSkipped = 4;

    // The tracks of a kind in the first rendition are 1 to 10, in the second 11 to 20: the same everywhere, whichever is seen first.
    const int TracksPerKind = 10;

    readonly LiveWindowOptions _options;
    readonly SegmentMuxers _muxers;
    readonly Lock _gate = new();
    readonly List<LiveTrack> _tracks = [];
    readonly SegmentList _segments = new();
    WindowView _view;
    TaskCompletionSource? _changed;
    SegmentMark? _newest;
    long _front = -1;
    long _completed = -1;
    long _end90k;
    int _target;
    int _partTarget90k;
    int _generation;
    WindowDrops _drops;
    WindowPause? _pause;
    bool _dirty;
    bool _disposed;

    readonly int _rendition;

    /// <param name="rendition">Which rendition of its entry it is, from 1: its tracks are named by it.</param>
    public LiveWindow(LiveWindowOptions options, SegmentMuxers muxers, int rendition = 1)
    {
        (_options, _muxers, _rendition) = (options, muxers, rendition);
        _view = WindowView.Empty;
    }

    /// <summary>The newest state. Immutable; what it says of segments stays true, but their memory needs a lease.</summary>
    public WindowView View => Volatile.Read(ref _view);

    internal SegmentMuxers Muxers => _muxers;

    /// <summary>What players are told of the tracks.</summary>
    public TrackChoice Choice { get; init; } = TrackChoice.None;

    /// <summary>Whether other renditions of the entry are on air and fill what this one misses: then it goes on after a hole of any length.</summary>
    internal Func<bool> OthersGoOn { get; set; } = static () => false;

    /// <summary>Called after each change, on the writer's thread.</summary>
    internal Action? Published { get; set; }

    /// <summary>
    /// Completes with the next change: a part, a segment, a pause. Take it, look at <see cref="View"/>, then await it: no change is missed.
    /// </summary>
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

    /// <summary>Takes over the next frames of the stream. Their references stay the caller's; the window takes its own.</summary>
    public void Append(ReadOnlySpan<MarkedFrame> frames)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            // A view per change, not per call: how frames were put together on their way must not show in what is listed.
            foreach (ref readonly var frame in frames)
            {
                Append(frame);
                Publish();
            }
        }
    }

    /// <summary>No frame comes for now: what is open is complete.</summary>
    public void Pause(WindowPause pause)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            // The open number of a source that is settled waits for the next one; what is before it waits for nobody.
            var isSettled = pause != WindowPause.OffAir && _newest is { } newest && newest.Epoch <= _settled.Epoch;
            Close(isSettled ? Math.Min(_settled.Msn, _segments.Newest + 1) : _segments.Newest + 1);
            if (!isSettled)
            {
                SettleTarget();
            }

            _dirty |= _pause != pause;
            _pause = pause;
            Publish();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                Clear();
                (_disposed, _dirty) = (true, true);
                Publish();
            }
        }
    }

    static void Forget(LiveTrack track)
    {
        if (track.OpenMsn >= 0)
        {
            track.Discard();
        }
    }

    // After the end of the stream, or a hole in its numbers: nothing that was listed goes on.
    void Restart()
    {
        Clear();
        _generation++;
    }

    void Clear()
    {
        _tracks.ForEach(Forget);
        _tracks.Clear();
        _segments.Clear();
        (_newest, _front, _completed, _target, _partTarget90k, _end90k) = (null, -1, -1, 0, 0, 0);
        _settled = (-1, long.MaxValue);
    }
}
