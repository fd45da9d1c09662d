using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Local files, kept open between requests: at most so many, each looked at again after a while, as it may have been replaced. A file below a root is
/// checked after it was opened, by its true path, so that no link leads out and nothing can change between the check and the use.
/// </summary>
public sealed class OpenFiles(IOptions<VodOptions> options, TimeProvider time) : IDisposable
{
    readonly Lock _lock = new();
    readonly Dictionary<string, LinkedListNode<OpenFile>> _files = new(StringComparer.Ordinal);
    readonly LinkedList<OpenFile> _byUse = new();
    long _hits;
    long _misses;
    long _evicted;

    /// <summary>Opens a file; what is returned is disposed by whoever asked.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="roots">Folders it must lie in; empty for any.</param>
    internal (MediaFailure Failure, string Reason, IByteSource? Source) Open(string path, IReadOnlyList<string> roots)
    {
        lock (_lock)
        {
            if (_files.TryGetValue(path, out var node) && node.Value.IsFresh(time, options.Value.OpenFileValid) && node.Value.IsBelow(roots, options.Value.FollowLinks))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                _hits++;
                return (MediaFailure.None, "", node.Value.Lease());
            }

            _misses++;
        }

        return OpenAnew(path, roots);
    }

    internal CacheCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return new("open_files", 0, 0, _files.Count, _hits, _misses, _misses, _evicted, 0);
            }
        }
    }

    (MediaFailure, string, IByteSource?) OpenAnew(string path, IReadOnlyList<string> roots)
    {
        try
        {
            if (Directory.Exists(path))
            {
                return (MediaFailure.Forbidden, $"{path} is a folder", null);
            }

            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
            var file = new OpenFile(path, handle, time.GetTimestamp());
            if (!file.IsBelow(roots, options.Value.FollowLinks))
            {
                file.Release();
                return (MediaFailure.Forbidden, $"{path} leads out of its root", null);
            }

            var lease = file.Lease();
            Keep(file);
            return (MediaFailure.None, "", lease);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (MediaFailure.NotFound, $"there is no {path}", null);
        }
        catch (UnauthorizedAccessException)
        {
            return (MediaFailure.Forbidden, $"{path} may not be read", null);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            return (MediaFailure.NotFound, $"{path} cannot be opened: {exception.Message.TrimEnd('.')}", null);
        }
    }

    void Keep(OpenFile file)
    {
        lock (_lock)
        {
            if (_files.Remove(file.Path, out var old))
            {
                _byUse.Remove(old);
                old.Value.Release();
            }

            _files[file.Path] = _byUse.AddFirst(file);
            while (_files.Count > options.Value.MaxOpenFiles)
            {
                var last = _byUse.Last!;
                _files.Remove(last.Value.Path);
                _byUse.Remove(last);
                last.Value.Release();
                _evicted++;
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var file in _byUse)
            {
                file.Release();
            }

            _byUse.Clear();
            _files.Clear();
        }
    }

    /// <summary>One open file: the handle is closed when it left the table and the last request gave it back.</summary>
    sealed class OpenFile(string path, SafeFileHandle handle, long openedAt)
    {
        int _uses = 1;
        string _root = "";   // one that it was found to lie below: links are looked at again when the file is
        readonly string _truePath = new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget ?? System.IO.Path.GetFullPath(path);

        public string Path => path;

        public SafeFileHandle Handle => handle;

        public long Length { get; } = RandomAccess.GetLength(handle);

        public DateTimeOffset LastModified { get; } = File.GetLastWriteTimeUtc(handle);

        public bool IsFresh(TimeProvider time, TimeSpan valid) => time.GetElapsedTime(openedAt) < valid;

        public bool IsBelow(IReadOnlyList<string> roots, bool followLinks)
        {
            if (roots.Count == 0 || roots.Contains(_root))
            {
                return true;
            }

            var found = roots.FirstOrDefault(root => Below(System.IO.Path.GetFullPath(path), root) && (followLinks || Below(_truePath, TruePath(root))));
            _root = found ?? _root;
            return found is not null;
        }

        static bool Below(string path, string root) => path.StartsWith(System.IO.Path.TrimEndingDirectorySeparator(root) + "/", StringComparison.Ordinal);

        // The root itself may be a link: that is the operator's choice.
        static string TruePath(string root) => Directory.ResolveLinkTarget(root, returnFinalTarget: true)?.FullName ?? System.IO.Path.GetFullPath(root);

        public Leased Lease()
        {
            Interlocked.Increment(ref _uses);
            return new Leased(this);
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref _uses) == 0)
            {
                handle.Dispose();
            }
        }
    }

    sealed class Leased(OpenFile file) : IByteSource
    {
        int _disposed;

        public long Length => file.Length;

        public DateTimeOffset? LastModified => file.LastModified;

        // What the platform calls asynchronous is the same reading on another thread of the pool: of files in the page cache the way there costs more than they do.
        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            var read = 0;
            while (read < buffer.Length && RandomAccess.Read(file.Handle, buffer.Span[read..], offset + read) is > 0 and var count)
            {
                read += count;
            }

            return new(read);
        }

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                file.Release();
            }

            return default;
        }
    }
}
