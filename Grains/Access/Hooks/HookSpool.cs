using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Tributary.Grains.Access.Hooks;

/// <summary>An event that a hook is still to be told of; or, by <see cref="HookSpool.Begun"/>, the beginning of what has not ended yet.</summary>
public sealed record KeptEvent(long Number, string Hook, StreamEvent What);

/// <summary>
/// Events that were not delivered yet, and who publishes and plays, in a file: the next run of the process delivers what this one did not, however it
/// ended, and tells of the end of who was there. A line when an event is kept, a line when it is done with; what is written survives the process, not the
/// machine (nothing is flushed to the disk). Events may hold secrets, so only the server's own user reads the file.
/// </summary>
public sealed partial class HookSpool(string folder, ILogger<HookSpool> log) : IDisposable
{
    /// <summary>In the place of a hook's name: of a publisher or viewer who is still there.</summary>
    public const string Begun = "";

    const int Slack = 1024 * 1024;
    const int LongestLine = 64 * 1024;

    readonly Lock _gate = new();
    readonly SortedDictionary<long, byte[]> _kept = [];
    FileStream? _file;
    long _last, _bytes;
    bool _fails;

    string PathOf => Path.Combine(folder, "events");

    /// <summary>Names a hook over restarts, whatever its place among the others, without its address: that may hold a secret.</summary>
    public static string NameOf(AccessHook hook) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{hook.Shape} {hook.Url}")).AsSpan(0, 8));

    /// <summary>What an earlier run of the process left, in order; nothing where no folder is configured.</summary>
    public IReadOnlyList<KeptEvent> Open()
    {
        var left = new SortedDictionary<long, KeptEvent>();
        Try(() =>
        {
            Directory.CreateDirectory(folder);
            foreach (var line in File.Exists(PathOf) ? File.ReadLines(PathOf) : [])
            {
                Read(line, left);
            }

            foreach (var kept in left.Values)
            {
                Remember(kept);
                _last = kept.Number;
            }

            WriteAnew();
        });
        return [.. left.Values];
    }

    /// <summary>Keeps an event until it is <see cref="Done"/>. The result is its number.</summary>
    public long Keep(string hook, StreamEvent what)
    {
        lock (_gate)
        {
            var number = ++_last;
            Try(() => Write(Remember(new KeptEvent(number, hook, what))));
            return number;
        }
    }

    /// <summary>It was delivered, or given up.</summary>
    public void Done(long number)
    {
        lock (_gate)
        {
            if (_kept.Remove(number, out var line))
            {
                _bytes -= line.Length;
                Try(() => Write(LineOf(number, null)));
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    // What was cut off within a line by the end of the process is no line.
    static void Read(string line, SortedDictionary<long, KeptEvent> left)
    {
        try
        {
            if (line.Length > LongestLine || JsonSerializer.Deserialize<Line>(line) is not { } read)
            {
                return;
            }

            if (read.Kept is { Hook: not null, What.Stream: not null } kept)
            {
                left[read.Number] = kept with { Number = read.Number };
            }
            else
            {
                left.Remove(read.Number);
            }
        }
        catch (JsonException)
        {
        }
    }

    byte[] Remember(KeptEvent kept)
    {
        var line = _kept[kept.Number] = LineOf(kept.Number, kept);
        _bytes += line.Length;
        return line;
    }

    static byte[] LineOf(long number, KeptEvent? kept) => [.. JsonSerializer.SerializeToUtf8Bytes(new Line(number, kept)), (byte)'\n'];

    void Write(byte[] line)
    {
        if (_file is null)
        {
            WriteAnew();   // the folder could not be used when it was opened
            return;
        }

        _file.Write(line);
        if (_file.Length > Slack && _file.Length > 2 * _bytes)
        {
            WriteAnew();
        }
    }

    void WriteAnew()
    {
        _file?.Dispose();
        var fresh = PathOf + ".new";
        var how = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _file = new FileStream(fresh, how);
        foreach (var line in _kept.Values)
        {
            _file.Write(line);
        }

        File.Move(fresh, PathOf, overwrite: true);
    }

    // Without a disk events are still told, and lost with the process.
    void Try(Action act)
    {
        if (folder.Length == 0)
        {
            return;
        }

        try
        {
            act();
            _fails = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_fails)
            {
                LogNotKept(folder, exception.Message);
            }

            _fails = true;
        }
    }

    sealed record Line(long Number, KeptEvent? Kept);

    [LoggerMessage(LogLevel.Warning, "Access: events for hooks cannot be kept in {Folder}: {Why}; those that wait would be lost with the process")]
    partial void LogNotKept(string folder, string why);
}
