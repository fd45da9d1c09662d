using Tributary.Media.Frames;
using Tributary.Media.Segmenting;

namespace Tributary.Media.Packaging.Live;

/// <summary>Why a stream's frames stop.</summary>
public enum WindowPause
{
    /// <summary>The source is lost; the stream may go on.</summary>
    SourceLost,

    /// <summary>The stream is over.</summary>
    OffAir,
}

/// <summary>Frames that a window refused since it began, by reason.</summary>
public readonly record struct WindowDrops(long Late, long Configuration, long SegmentTooLarge, long TooManyTracks);

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

    void Append(in MarkedFrame marked)
    {
        if (!Enter(marked.Segment) || TrackOf(marked.Frame.Track, marked.Segment.Msn) is not { } track)
        {
            return;
        }

        var msn = marked.Segment.Msn;
        if (msn < track.NextMsn || msn < track.OpenMsn)
        {
            _drops = _drops with { Late = _drops.Late + 1 };
            return;
        }

        if (msn > track.NextMsn)
        {
            CompleteUpTo(track, msn, GoesOn(track, marked) ? marked.Frame.Dts : null);
            CompleteOthers(msn - 1);
        }

        if (!track.Accepts(marked.Frame))
        {
            _drops = _drops with { Configuration = _drops.Configuration + 1 };
            return;
        }

        if (track.OpenBytes + marked.Frame.Data.Length > _options.MaxSegmentBytes && track.OpenMsn >= 0)
        {
            _drops = _drops with { SegmentTooLarge = _drops.SegmentTooLarge + 1 };
            return;
        }

        _end90k = Math.Max(_end90k, marked.Frame.Pts90k + track.Step90k(marked.Frame));
        marked.Frame.Data.Retain();
        track.Add(marked, _segments[msn]);
        _dirty |= track.IsChanged;
    }

    // Opens the segment of a mark where it is new; false when its time has passed.
    bool Enter(SegmentMark mark)
    {
        if (mark.Epoch <= _settled.Epoch && mark.Msn >= _settled.Msn)
        {
            return false;
        }

        if (ReferenceEquals(mark, _newest))
        {
            return true;
        }

        if (_newest is { } newest && mark.Epoch > newest.Epoch && !TakeOver(mark))
        {
            return false;
        }

        var newestMsn = _segments.Newest;
        if (mark.Msn <= newestMsn)
        {
            return mark.Msn >= _segments.First;
        }

        var skips = mark.Msn - newestMsn - 1;
        if ((_pause == WindowPause.OffAir || skips > MaxSkipped) && (skips > _options.MaxSegments || !OthersGoOn()))
        {
            Restart();
            newestMsn = -1;
        }

        for (var skipped = newestMsn + 1; newestMsn >= 0 && skipped < mark.Msn; skipped++)
        {
            _segments.Add(new LiveSegment(skipped, null, _options.MaxTracks));
        }

        Open(mark);
        return true;
    }

    void Open(SegmentMark mark)
    {
        _segments.Add(new LiveSegment(mark.Msn, mark, _options.MaxTracks));
        (_newest, _pause, _target) = (mark, null, Math.Max(_target, mark.TargetDuration));
        _partTarget90k = Math.Max(_partTarget90k, mark.PartTarget90k);
    }

    LiveTrack? TrackOf(TrackInfo info, long msn)
    {
        foreach (var known in _tracks)
        {
            if (known.Info.Id == info.Id)
            {
                return known;
            }
        }

        return AddTrack(info, msn);
    }

    LiveTrack? AddTrack(TrackInfo info, long msn)
    {
        var others = _tracks.Count(known => known.Info.Kind == info.Kind);
        if (_tracks.Count == _options.MaxTracks || others == TracksPerKind)
        {
            _drops = _drops with { TooManyTracks = _drops.TooManyTracks + 1 };
            return null;
        }

        var number = (_rendition - 1) * TracksPerKind + others + 1;
        var track = new LiveTrack(_tracks.Count, info, number, _muxers) { FirstMsn = msn, NextMsn = msn };
        _tracks.Add(track);
        return track;
    }

    static bool GoesOn(LiveTrack track, in MarkedFrame marked) =>
        track.OpenMark is { } open && open.DiscontinuitySequence == marked.Segment.DiscontinuitySequence
            && track.Info.Timescale == marked.Frame.Track.Timescale;

    // The symmetrical rule for stalled tracks: somebody completed `msn`; who has nothing in it yet will not complete what was before it otherwise.
    void CompleteOthers(long msn)
    {
        if (msn <= _completed)
        {
            return;
        }

        _completed = msn;
        foreach (var track in _tracks)
        {
            if (track.NextMsn < msn)
            {
                CompleteUpTo(track, msn, null);
            }
        }
    }

    void Close(long end)
    {
        if (!_segments.IsEmpty)
        {
            // Media first: a gap is as long as what the others have.
            foreach (var track in _tracks.OrderBy(track => track.OpenMsn < 0))
            {
                CompleteUpTo(track, end, null);
            }

            _completed = Math.Max(_completed, end - 1);
        }
    }

    // A stream that pauses within its first segment settles its target duration as the marker does (see SegmentMarker).
    void SettleTarget()
    {
        if (_newest is { } mark)
        {
            _target = Math.Max(_target, SegmentMarker.TargetDurationOf(mark.TargetDuration, _end90k - mark.Start90k));
        }
    }

    void CompleteUpTo(LiveTrack track, long end, long? nextDts)
    {
        for (; track.NextMsn < end; track.NextMsn++)
        {
            var segment = _segments[track.NextMsn];
            if (track.OpenMsn == segment.Msn)
            {
                // Where the track skips a segment, its last frame does not last until it comes back.
                var complete = track.Close(end - segment.Msn == 1 ? nextDts : null);
                segment.Complete(track.Slot, complete);
                track.Measure(complete, _target);
            }
            else
            {
                segment.Complete(track.Slot, new TrackSegment(null, [], GapDuration(segment), MediaTime.Hz90k));
            }

            (_dirty, track.IsChanged) = (true, true);
        }
    }

    // The distance to the next segment's start where that says something, else what the other tracks have, else the target duration.
    long GapDuration(LiveSegment segment)
    {
        var next = _segments.Find(segment.Msn + 1)?.Mark;
        if (segment.Mark is { } mark && next is { } && next.Start90k > mark.Start90k
            && (next.DiscontinuitySequence == mark.DiscontinuitySequence || next.GapsBefore > 0))
        {
            return next.Start90k - mark.Start90k;
        }

        return segment.Duration90k > 0 ? segment.Duration90k : _target * (long)MediaTime.Hz90k;
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
