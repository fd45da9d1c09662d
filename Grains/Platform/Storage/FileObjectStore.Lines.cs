using System.Text;
using System.Text.Json;

namespace Tributary.Grains.Platform.Storage;

// The file: a line for every change, read at the start, written in batches, and written anew when most is superseded.
public sealed partial class FileObjectStore
{
    const int CompactAbove = 10_000;

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

    sealed record Pending(byte[] Line, TaskCompletionSource Written);
}
