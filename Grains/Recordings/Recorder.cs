using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.VodEntries;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.Recordings;

/// <summary>
/// Keeps one stream: it follows the frames as a gateway does, with a window of its own, so that what it writes are the very bytes that viewers get, and
/// adds each part to the journals that its assignment names, of an entry, of the rewind window, or of both.
/// </summary>
/// <remarks>
/// Frames come on the publisher's thread and only take references; everything that touches the disk is done by <see cref="Work"/>, on a thread of
/// <see cref="RecorderLoop"/>, one call at a time.
/// </remarks>
sealed partial class Recorder : IAsyncObserver<FrameBatch>, ILiveStreamObserver, IDisposable
{
    readonly RecorderContext _context;
    readonly LiveWindow _window;
    readonly Dictionary<string, Cursor> _cursors = new(StringComparer.Ordinal);
    readonly List<JournalTarget> _targets = [];
    readonly Lock _gate = new();
    RecordingAssignment _assignment;
    RecordingAssignment? _applied;
    RecorderReport _report;
    StreamDirective? _directive;
    WindowView? _written;
    int _generation;
    int _queued;
    long _syncedAt;
    volatile bool _ending;
    volatile bool _ended;

    public Recorder(RecordingAssignment assignment, RecorderContext context)
    {
        (_assignment, _context) = (assignment, context);
        _window = new LiveWindow(context.Window, LiveMuxers.All);
        _report = new RecorderReport { Node = context.Node, Epoch = assignment.Epoch, State = RecorderState.Starting };
    }

    public string Stream => _assignment.Stream;

    public RecordingAssignment Assignment => Volatile.Read(ref _assignment);

    /// <summary>How far it is; another object with each change.</summary>
    public RecorderReport Report => Volatile.Read(ref _report);

    /// <summary>Everything is on disk, and nothing more comes.</summary>
    public bool IsOver => _ended;

    /// <summary>The last that the stream's grain said.</summary>
    public StreamDirective? Directive => Volatile.Read(ref _directive);

    internal StreamSubscriptionHandle<FrameBatch>? Subscription { get; set; }

    internal ILiveStreamObserver? Reference { get; set; }

    internal long RegisteredAt { get; set; }

    internal bool TryQueue() => Interlocked.Exchange(ref _queued, 1) == 0;

    /// <summary>Another decision about the same stream: journals that it no longer names are ended, others begun.</summary>
    public void Change(RecordingAssignment assignment)
    {
        Volatile.Write(ref _assignment, assignment);
        _context.Loop.Wake(this);
    }

    /// <summary>Ends the journals with what there is.</summary>
    public void End()
    {
        _ending = true;
        _context.Loop.Wake(this);
    }

    /// <summary>The journal volumes of the entry that were told of; those that ended are not told again.</summary>
    public void Heard(RecordedVolume[] volumes)
    {
        lock (_gate)
        {
            _targets.ForEach(target => target.Forget(volumes));
        }
    }

    Task IAsyncObserver<FrameBatch>.OnNextAsync(FrameBatch batch, StreamSequenceToken? token)
    {
        _window.Append(batch.Frames.Span);
        if (batch.Signal is StreamSignal.SourceLost or StreamSignal.OffAir)
        {
            _window.Pause(batch.Signal == StreamSignal.OffAir ? WindowPause.OffAir : WindowPause.SourceLost);
        }

        if (_window.View != _written)
        {
            _context.Loop.Wake(this);
        }

        return Task.CompletedTask;
    }

    Task IAsyncObserver<FrameBatch>.OnCompletedAsync() => Task.CompletedTask;

    Task IAsyncObserver<FrameBatch>.OnErrorAsync(Exception ex)
    {
        LogFailed(_context.Log, Stream, ex.Message);
        return Task.CompletedTask;
    }

    public Task Directed(StreamDirective directive)
    {
        if (Directive is { } known && (directive.Epoch, directive.Version).CompareTo((known.Epoch, known.Version)) < 0)
        {
            return Task.CompletedTask;
        }

        Volatile.Write(ref _directive, directive);
        _context.Feeds.Direct(Stream, directive);
        if (directive.State == StreamState.OffAir)
        {
            _window.Pause(WindowPause.OffAir);
            End();
        }

        return Task.CompletedTask;
    }

    public Task<WindowEdge?> Settle(long epoch) => Task.FromResult(_window.Settle(epoch) is { } edge ? WindowEdge.Of(edge) : null);

    /// <summary>Writes what is new. Called by one thread at a time.</summary>
    public void Work(PartBuffer buffer)
    {
        Volatile.Write(ref _queued, 0);
        if (_ended)
        {
            return;
        }

        lock (_gate)
        {
            var ending = _ending;
            if (_targets.Count > 0 && !ReferenceEquals(Assignment, _applied))
            {
                Write(_window.View, buffer);   // what came before the decision belongs to the journals before it
            }

            Apply(Assignment);
            var view = _written = _window.View;
            Write(view, buffer);
            Sync(ending);
            if (ending)
            {
                _targets.ForEach(static target => target.Close());
            }

            Volatile.Write(ref _report, Describe(view, ending));
            if (ending)
            {
                _ended = true;
                _window.Dispose();
            }
        }
    }

    /// <summary>It cannot go on. The grain, which hears nothing of it any more, begins another.</summary>
    public void Fail(Exception exception)
    {
        LogBroken(_context.Log, Stream, exception);
        lock (_gate)
        {
            _targets.ForEach(static target => target.Close());
            _ended = true;
            _window.Dispose();
        }
    }

    public void Dispose() => _window.Dispose();

    void Apply(RecordingAssignment assignment)
    {
        if (ReferenceEquals(assignment, _applied))
        {
            return;
        }

        // A journal that begins while the stream runs begins with a segment that no rendition has begun.
        var from = _cursors.Count == 0 ? assignment.FromMsn : Math.Max(assignment.FromMsn, _cursors.Values.Max(static cursor => cursor.Msn) + 1);
        var wanted = new List<(JournalFolder Folder, string Name, string Entry, TimeSpan VolumeDuration)>();
        if (assignment.Entry.Length > 0)
        {
            wanted.Add((_context.Recordings, assignment.Entry, assignment.Entry, _context.Options.VolumeDuration));
        }

        if (assignment.Rewind > TimeSpan.Zero)
        {
            wanted.Add((_context.Rewind, assignment.Stream, "", _context.Dvr.VolumeDuration));
        }

        foreach (var over in _targets.Where(target => !wanted.Exists(want => want.Name == target.Name && want.Entry == target.Entry)).ToArray())
        {
            over.Close();
            _targets.Remove(over);
            _overVolumes.AddRange(over.Changes());
        }

        foreach (var (folder, name, entry, duration) in wanted.Where(want => !_targets.Exists(target => want.Name == target.Name && want.Entry == target.Entry)))
        {
            _targets.Add(new JournalTarget(folder, new JournalPlan(name, Stream, entry, assignment.Epoch, from, duration), _context));
        }

        _applied = assignment;
    }

    // Of entries that this recorder no longer writes, until the grain has heard of them.
    readonly List<RecordedVolume> _overVolumes = [];

    void Write(WindowView view, PartBuffer buffer)
    {
        if (view.Generation != _generation)
        {
            _generation = view.Generation;
            _cursors.Clear();
        }

        foreach (var track in view.Tracks)
        {
            Write(view, track, buffer);
        }

        if (_cursors.Count > 0)
        {
            var reached = _cursors.Values.Min(static cursor => cursor.Msn);
            _targets.ForEach(target => target.Reach(reached));
        }
    }

    void Write(WindowView view, TrackView track, PartBuffer buffer)
    {
        if (!_cursors.TryGetValue(track.Name, out var cursor))
        {
            _cursors.Add(track.Name, cursor = new Cursor { Msn = track.First });
        }

        if (cursor.Msn < track.First)
        {
            _context.Metrics.Lost(track.First - cursor.Msn);
            cursor.MoveTo(track.First);
        }

        while (cursor.Msn <= track.End && view.Segment(cursor.Msn) is { } segment)
        {
            if (segment.Mark?.Epoch > cursor.Epoch)
            {
                (cursor.Epoch, cursor.Part) = (segment.Mark.Epoch, 0);   // begun, or begun anew by another source
            }

            var share = cursor.Msn < track.End ? segment.Track(track.Slot) : null;
            if ((share?.Init ?? track.OpenInit) is { } init)
            {
                WriteParts(track, segment, init, cursor, buffer);
            }

            if (share is null)
            {
                return;
            }

            if (cursor.Part == share.Parts.Length)
            {
                _targets.ForEach(target => target.End(track.Name, segment, cursor.Epoch, share));
            }

            cursor.MoveTo(cursor.Msn + 1);
        }
    }

    void WriteParts(TrackView track, LiveSegment segment, InitSegment init, Cursor cursor, PartBuffer buffer)
    {
        for (var parts = segment.Parts(track.Slot); cursor.Part < parts.Length; cursor.Part++)
        {
            using var body = WindowView.TryHoldPart(segment, track.Slot, cursor.Part);
            if (body is null)
            {
                _context.Metrics.Lost(1);   // it left the window: the disk is too slow
                return;
            }

            var bytes = buffer.Gather(body);
            var checksum = JournalRecord.Crc32C(bytes);
            foreach (var target in _targets)
            {
                target.Write(track.Name, segment, cursor.Epoch, init, cursor.Part, parts[cursor.Part], bytes, checksum);
            }
        }
    }

    void Sync(bool now)
    {
        if (!now && _context.Time.GetElapsedTime(_syncedAt) < _context.Options.SyncInterval)
        {
            return;
        }

        var began = Stopwatch.GetTimestamp();
        _targets.ForEach(static target => target.Sync());
        _context.Metrics.Synced(Stopwatch.GetElapsedTime(began));
        _syncedAt = _context.Time.GetTimestamp();
    }

    RecorderReport Describe(WindowView view, bool ending)
    {
        var trouble = _targets.Select(static target => target.Trouble).FirstOrDefault(static why => why.Length > 0) ?? "";
        return new RecorderReport
        {
            Node = _context.Node,
            Epoch = _assignment.Epoch,
            State = ending ? RecorderState.Finished : trouble.Length > 0 ? RecorderState.Stopped : view.Tracks.Count > 0 ? RecorderState.Writing : RecorderState.Starting,
            Trouble = trouble,
            NextMsn = _cursors.Count > 0 ? _cursors.Values.Min(static cursor => cursor.Msn) : -1,
            Volumes = [.. _overVolumes, .. _targets.Where(static target => target.Entry.Length > 0).SelectMany(static target => target.Changes())],
        };
    }

    /// <summary>The next part of a rendition to write.</summary>
    sealed class Cursor
    {
        public long Msn { get; set; }

        public long Epoch { get; set; }

        public int Part { get; set; }

        public void MoveTo(long msn) => (Msn, Epoch, Part) = (msn, 0, 0);
    }

    [LoggerMessage(LogLevel.Error, "Recorder of stream {Stream} cannot go on")]
    static partial void LogBroken(ILogger log, string stream, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Recorder of stream {Stream} failed on frames: {Why}")]
    static partial void LogFailed(ILogger log, string stream, string why);
}
