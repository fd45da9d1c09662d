using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tributary.Grains.Recordings;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Gateway.Recorded;

/// <summary>
/// A recording or rewind window as this gateway knows it. It looks for what is new when somebody asks and the last look is old enough; all who ask meanwhile
/// share the look. Playlists are written once per change.
/// </summary>
sealed partial class OpenTimeline(JournalKind kind, string name, JournalSources sources, TimeProvider time, ILogger log)
{
    const int Piece = 1 << 20;

    readonly Dictionary<(string Node, string Volume), JournalIndex> _indexes = [];
    readonly Lock _gate = new();
    Snapshot _newest = new(RecordedTimeline.Of([]));
    Task _looking = Task.CompletedTask;
    long _lookedAt;
    long _used = time.GetTimestamp();
    bool _looked;

    public JournalKind Kind => kind;

    public string Name => name;

    public TimeSpan Idle => time.GetElapsedTime(Interlocked.Read(ref _used));

    /// <summary>What there is, not older than <paramref name="age"/>.</summary>
    public async Task<Snapshot> Look(IReadOnlyList<string> nodes, TimeSpan age)
    {
        Interlocked.Exchange(ref _used, time.GetTimestamp());
        Task looking;
        lock (_gate)
        {
            if (_looking.IsCompleted && (!_looked || time.GetElapsedTime(_lookedAt) >= age))
            {
                (_looked, _lookedAt) = (true, time.GetTimestamp());
                _looking = Task.Run(() => Read(nodes));
            }

            looking = _looking;
        }

        await looking;
        return Volatile.Read(ref _newest);
    }

    async Task Read(IReadOnlyList<string> nodes)
    {
        var changed = false;
        var seen = new HashSet<(string, string)>();
        await sources.Know(nodes);
        foreach (var node in nodes)
        {
            try
            {
                changed |= await Read(node, seen);
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException or UnauthorizedAccessException)
            {
                LogUnread(log, name, node, exception.Message);   // what was read of it stays listed
                seen.UnionWith(_indexes.Keys.Where(key => key.Node == node));
            }
        }

        foreach (var gone in _indexes.Keys.Where(key => !seen.Contains(key)).ToArray())
        {
            changed |= _indexes.Remove(gone);
        }

        if (changed)
        {
            Volatile.Write(ref _newest, new Snapshot(RecordedTimeline.Of(
                _indexes.OrderBy(static pair => pair.Key.Volume, StringComparer.Ordinal).Select(static pair => new TimelineVolume(pair.Key.Volume, pair.Key.Node, pair.Value)))));
        }
    }

    async Task<bool> Read(string node, HashSet<(string, string)> seen)
    {
        if (sources.Of(node) is not { } source)
        {
            seen.UnionWith(_indexes.Keys.Where(key => key.Node == node));   // not known at the moment: what was read of it stays listed
            return false;
        }

        using var patience = sources.Patience();
        var changed = false;
        foreach (var (volume, bytes) in await source.List(kind, name, patience.Token))
        {
            seen.Add((node, volume));
            if (!_indexes.TryGetValue((node, volume), out var index))
            {
                _indexes.Add((node, volume), index = new JournalIndex());
            }

            changed |= await Read(source, volume, bytes, index, patience.Token);
        }

        return changed;
    }

    async Task<bool> Read(IJournalSource source, string volume, long bytes, JournalIndex index, CancellationToken cancellation)
    {
        var changed = false;
        while (index.Length < bytes && !index.IsEnded && !index.IsDamaged)
        {
            var piece = new byte[Math.Min(Piece, bytes - index.Length)];
            var got = await source.Read(kind, name, volume + Tributary.Grains.Recordings.JournalFolder.IndexEnding, index.Length, piece, cancellation);
            if (index.Read(piece.AsSpan(0, got)) == 0)
            {
                break;   // torn: the rest comes, or is repaired
            }

            changed = true;
        }

        return changed;
    }

    [LoggerMessage(LogLevel.Warning, "Journals of {Name} on node {Node} cannot be read: {Why}")]
    static partial void LogUnread(ILogger log, string name, string node, string why);

    /// <summary>A timeline, and what was written from it.</summary>
    public sealed class Snapshot(RecordedTimeline timeline)
    {
        readonly ConcurrentDictionary<string, PlaylistText?> _texts = new(StringComparer.Ordinal);

        public RecordedTimeline Timeline => timeline;

        // Starts are as many as there are viewers: those are not kept.
        public PlaylistText? Text(string key, bool isKept, Func<PlaylistText?> write) => isKept ? _texts.GetOrAdd(key, _ => write()) : write();
    }
}
