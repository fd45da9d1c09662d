using System.Collections.Concurrent;
using System.Threading.Channels;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Storage;

/// <summary>
/// The objects of a single node: all in memory, and every change a line at the end of one file, flushed to the disk before the write returns. Writes
/// that come together share a flush. A line that a crash cut short is the last one, was not acknowledged and is left out; when most lines are
/// superseded, the file is written anew beside the old one and takes its place.
/// </summary>
public sealed partial class FileObjectStore : IObjectStore, IAsyncDisposable
{
    readonly ConcurrentDictionary<string, Kind> _kinds = new(StringComparer.Ordinal);
    readonly Channel<Pending> _pending = Channel.CreateBounded<Pending>(new BoundedChannelOptions(65_536) { SingleReader = true });
    readonly string _path;
    readonly Thread _writing;
    FileStream _file;
    long _lines, _length;

    public FileObjectStore(string folder)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, "objects.jsonl");
        _file = Load();
        _writing = new Thread(WriteAll) { IsBackground = true, Name = "platform objects" };
        _writing.Start();
    }

    /// <summary>The folder is this process's alone.</summary>
    public Task<bool> IsSetUp() => Task.FromResult(true);

    public Task<IAsyncDisposable> BeginSetup() => Task.FromResult<IAsyncDisposable>(NoOne.Waits);

    public ValueTask<StoredObject?> Read(string kind, string id) => ValueTask.FromResult(KindOf(kind).Find(id));

    public async Task<bool> Write(StoredObject stored)
    {
        var next = stored with { Version = stored.Version + 1 };
        if (!KindOf(stored.Kind).TryPut(next, stored.Version))
        {
            return false;
        }

        await Append(next, removed: false);
        return true;
    }

    public Task Remove(string kind, string id) =>
        KindOf(kind).Remove(id) is { } removed ? Append(removed, removed: true) : Task.CompletedTask;

    public Task<ObjectPage> Find(ObjectQuery query)
    {
        var found = KindOf(query.Kind).Candidates(query.Where).Where(stored =>
            (query.Partner is null || stored.Partner == query.Partner || query.WithPlatform && stored.Partner == 0) && query.Where.Matches(stored.Value)).ToList();
        var page = found.InOrder(query).Skip(query.Skip).Take(query.Take).ToList();
        return Task.FromResult(new ObjectPage(found.Count, page));
    }

    public async Task<long> Number(string kind)
    {
        while (true)
        {
            var read = KindOf("sequence").Find(kind) ?? new StoredObject("sequence", kind, 0, 0, new PlatformObject("Sequence") { { "last", 100L } });
            var next = read.Value.Long("last") + 1;
            if (await Write(read with { Value = new PlatformObject("Sequence") { { "last", next } } }))
            {
                return next;
            }
        }
    }

    Kind KindOf(string kind) => _kinds.GetOrAdd(kind, _ => new Kind());

    public async ValueTask DisposeAsync()
    {
        _pending.Writer.TryComplete();
        _writing.Join();
        await _file.DisposeAsync();
    }

    sealed class NoOne : IAsyncDisposable
    {
        public static NoOne Waits { get; } = new();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
