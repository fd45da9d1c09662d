using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Storage;

/// <summary>
/// The objects of a single node: all in memory, and every change a line at the end of one file, flushed to the disk before the write returns. Writes
/// that come together share a flush. A line that a crash cut short is the last one, was not acknowledged and is left out; when most lines are
/// superseded, the file is written anew beside the old one and takes its place.
/// </summary>
public sealed class FileObjectStore : IObjectStore, IAsyncDisposable
{
    const int CompactAbove = 10_000;

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

    async Task Append(StoredObject stored, bool removed)
    {
        var pending = new Pending(Line(stored, removed), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _pending.Writer.WriteAsync(pending);
        await pending.Written.Task;
    }

    static byte[] Line(StoredObject stored, bool removed)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("k", stored.Kind);
            json.WriteString("i", stored.Id);
            json.WriteNumber("p", stored.Partner);
            json.WriteNumber("v", stored.Version);
            if (!removed)
            {
                json.WritePropertyName("o");
                ObjectJson.Write(json, stored.Value);
            }

            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    // One writer: takes what waits, writes it, flushes once, and tells everybody. On a thread of its own: on two cores the pool has two, and requests would
    // wait for the disk that one of them waits for.
    void WriteAll()
    {
        var batch = new List<Pending>();
        while (_pending.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < 4_096 && _pending.Reader.TryRead(out var pending))
            {
                batch.Add(pending);
            }

            Flush(batch);
            batch.Clear();
        }
    }

    void Flush(List<Pending> batch)
    {
        try
        {
            batch.ForEach(pending => _file.Write(pending.Line));
            _file.Flush(flushToDisk: true);
            (_lines, _length) = (_lines + batch.Count, _file.Position);
            batch.ForEach(pending => pending.Written.SetResult());
            CompactWhenWorthIt();
        }
        catch (IOException exception)
        {
            CutBack();
            batch.ForEach(pending => pending.Written.TrySetException(exception));
        }
    }

    // Nothing half written may stand before what is written next.
    void CutBack()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // What it still held is given up.
        }

        _file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        _file.SetLength(_length);
        _file.Position = _length;
    }

    FileStream Load()
    {
        var end = 0L;
        if (File.Exists(_path))
        {
            using var reading = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            using var reader = new StreamReader(reading, new UTF8Encoding(false));
            while (reader.ReadLine() is { } line && TryTake(line))
            {
                end += Encoding.UTF8.GetByteCount(line) + 1;
                _lines++;
            }
        }

        var file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        file.SetLength(end);   // what a crash left half written
        file.Position = _length = end;
        return file;
    }

    bool TryTake(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 128 });
            var root = document.RootElement;
            var (kind, id) = (KindOf(root.GetProperty("k").GetString()!), root.GetProperty("i").GetString()!);
            if (root.TryGetProperty("o", out var value))
            {
                kind.Put(new StoredObject(root.GetProperty("k").GetString()!, id, root.GetProperty("p").GetInt32(), root.GetProperty("v").GetInt64(), ObjectJson.Read(value)));
            }
            else
            {
                kind.Remove(id);
            }

            return true;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    void CompactWhenWorthIt()
    {
        var live = _kinds.Values.Sum(kind => (long)kind.Count);
        if (_lines < CompactAbove || _lines < 4 * live)
        {
            return;
        }

        var temporary = _path + ".new";
        using (var fresh = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
        {
            foreach (var stored in _kinds.Values.SelectMany(kind => kind.All))
            {
                fresh.Write(Line(stored, removed: false));
            }

            fresh.Flush(flushToDisk: true);
        }

        _file.Dispose();
        File.Move(temporary, _path, overwrite: true);
        _file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
        (_lines, _length) = (live, _file.Length);
    }

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

    sealed record Pending(byte[] Line, TaskCompletionSource Written);

    /// <summary>All objects of a kind, and by the entry that they belong to.</summary>
    sealed class Kind
    {
        const string IndexedField = "entryId";

        readonly ConcurrentDictionary<string, StoredObject> _objects = new(StringComparer.Ordinal);
        readonly ConcurrentDictionary<string, ConcurrentDictionary<string, StoredObject>> _byEntry = new(StringComparer.Ordinal);

        public int Count => _objects.Count;

        public IEnumerable<StoredObject> All => _objects.Values;

        public StoredObject? Find(string id) => _objects.GetValueOrDefault(id);

        public bool TryPut(StoredObject next, long expected)
        {
            var done = expected == 0
                ? _objects.TryAdd(next.Id, next)
                : _objects.TryGetValue(next.Id, out var old) && old.Version == expected && _objects.TryUpdate(next.Id, next, old);
            if (done)
            {
                Index(next);
            }

            return done;
        }

        public void Put(StoredObject stored)
        {
            _objects[stored.Id] = stored;
            Index(stored);
        }

        public StoredObject? Remove(string id)
        {
            if (!_objects.TryRemove(id, out var removed))
            {
                return null;
            }

            if (_byEntry.TryGetValue(removed.Value.Text(IndexedField), out var siblings))
            {
                siblings.TryRemove(id, out _);
            }

            return removed;
        }

        /// <summary>Those that can fulfil a condition: by their ids, or of one entry, where the condition says so.</summary>
        public IEnumerable<StoredObject> Candidates(Condition? condition) =>
            ValuesOf(condition, "id") is { } ids ? ids.Select(Find).OfType<StoredObject>()
            : ValuesOf(condition, IndexedField) is { } entries ? entries.SelectMany(entry => _byEntry.TryGetValue(entry, out var siblings) ? siblings.Values : [])
            : _objects.Values;

        void Index(StoredObject stored)
        {
            if (stored.Value.Text(IndexedField) is { Length: > 0 } entry)
            {
                _byEntry.GetOrAdd(entry, _ => new(StringComparer.Ordinal))[stored.Id] = stored;
            }
        }

        static string[]? ValuesOf(Condition? condition, string field) => condition switch
        {
            Test { Kind: TestKind.In } test when test.Field == field => test.Values.Distinct().ToArray(),
            Every every => every.Of.Select(part => ValuesOf(part, field)).FirstOrDefault(values => values is not null),
            _ => null,
        };
    }
}
