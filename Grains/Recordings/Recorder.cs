using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Tributary.Grains.VodEntries;

namespace Tributary.Grains.Recordings;

/// <summary>
/// Keeps one stream with all its renditions: what each <see cref="RecorderFeed"/> has goes, part by part, into the journals that the assignment names, of an
/// entry, of the rewind window, or of both.
/// </summary>
/// <remarks>Everything that touches the disk is done by <see cref="Work"/>, on a thread of <see cref="RecorderLoop"/>, one call at a time.</remarks>
sealed partial class Recorder : IDisposable
{
    readonly RecorderContext _context;
    readonly List<JournalTarget> _targets = [];
    readonly Lock _gate = new();
    RecordingAssignment _assignment;
    RecordingAssignment? _applied;
    RecorderReport _report;
    RecorderFeed[] _feeds;
    int _queued;
    long _syncedAt;
    volatile bool _ending;
    volatile bool _ended;

    public Recorder(RecordingAssignment assignment, RecorderContext context)
    {
        (_assignment, _context) = (assignment, context);
        _feeds = [new RecorderFeed(assignment.Stream, this, context)];
        _report = new RecorderReport { Node = context.Node, Epoch = assignment.Epoch, State = RecorderState.Starting };
    }

    public string Stream => _assignment.Stream;

    public RecordingAssignment Assignment => Volatile.Read(ref _assignment);

    /// <summary>How far it is; another object with each change.</summary>
    public RecorderReport Report => Volatile.Read(ref _report);

    /// <summary>Everything is on disk, and nothing more comes.</summary>
    public bool IsOver => _ended;

    /// <summary>The renditions that it follows; the first is the entry's own stream.</summary>
    public IReadOnlyList<RecorderFeed> Feeds => Volatile.Read(ref _feeds);

    /// <summary>Takes another rendition in.</summary>
    public RecorderFeed Add(string stream)
    {
        var feed = new RecorderFeed(stream, this, _context);
        lock (_gate)
        {
            Volatile.Write(ref _feeds, [.. _feeds, feed]);
        }

        return feed;
    }

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
                Write(buffer);   // what came before the decision belongs to the journals before it
            }

            Apply(Assignment);
            Write(buffer);
            Sync(ending);
            if (ending)
            {
                _targets.ForEach(static target => target.Close());
            }

            Volatile.Write(ref _report, Describe(ending));
            if (ending)
            {
                _ended = true;
                Dispose();
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
            Dispose();
        }
    }

    public void Dispose() => Array.ForEach(_feeds, static feed => feed.Dispose());

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

    RecorderReport Describe(bool ending)
    {
        var trouble = _targets.Select(static target => target.Trouble).FirstOrDefault(static why => why.Length > 0) ?? "";
        return new RecorderReport
        {
            Node = _context.Node,
            Epoch = _assignment.Epoch,
            State = ending ? RecorderState.Finished : trouble.Length > 0 ? RecorderState.Stopped : _cursors.Count > 0 ? RecorderState.Writing : RecorderState.Starting,
            Trouble = trouble,
            NextMsn = NextMsn,
            Volumes = [.. _overVolumes, .. _targets.Where(static target => target.Entry.Length > 0).SelectMany(static target => target.Changes())],
        };
    }

    [LoggerMessage(LogLevel.Error, "Recorder of stream {Stream} cannot go on")]
    static partial void LogBroken(ILogger log, string stream, Exception exception);
}
