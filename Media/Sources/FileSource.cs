using Microsoft.Win32.SafeHandles;

namespace Tributary.Media.Sources;

/// <summary>A local file. Reads at different places do not disturb one another, so one source can serve several requests.</summary>
public sealed class FileSource : IByteSource
{
    readonly SafeFileHandle _file;

    FileSource(SafeFileHandle file) => (_file, Length, LastModified) = (file, RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file));

    /// <summary>Length when it was opened: what is appended later is not seen.</summary>
    public long Length { get; }

    public DateTimeOffset? LastModified { get; }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static FileSource Open(string path) =>
        new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous | FileOptions.RandomAccess));

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var read = 0;
        while (read < buffer.Length && await RandomAccess.ReadAsync(_file, buffer[read..], offset + read, cancellation) is > 0 and var count)
        {
            read += count;
        }

        return read;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return default;
    }
}
