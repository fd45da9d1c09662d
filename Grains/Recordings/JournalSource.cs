namespace Tributary.Grains.Recordings;

/// <summary>What a journal is of.</summary>
public enum JournalKind
{
    Recordings,
    Rewind,
}

/// <summary>A volume that a node has.</summary>
public sealed record VolumeListing(string Volume, long IndexBytes);

/// <summary>Reads the journals of one node. Throws <see cref="IOException"/> or <see cref="HttpRequestException"/> where that cannot be.</summary>
public interface IJournalSource
{
    Task<IReadOnlyList<VolumeListing>> List(JournalKind kind, string name, CancellationToken cancellation);

    /// <summary>Bytes of a file from a place on; fewer than asked for at its end, 0 behind it or where the file is gone.</summary>
    Task<int> Read(JournalKind kind, string name, string file, long offset, Memory<byte> bytes, CancellationToken cancellation);
}

/// <summary>Of this node: its files.</summary>
public sealed class LocalJournals(JournalFolders folders) : IJournalSource
{
    public JournalFolder FolderOf(JournalKind kind) => kind == JournalKind.Recordings ? folders.Recordings : folders.Rewind;

    public Task<IReadOnlyList<VolumeListing>> List(JournalKind kind, string name, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<VolumeListing>>([.. FolderOf(kind).Volumes(name).Select(volume => new VolumeListing(volume.Volume, volume.IndexBytes))]);

    public async Task<int> Read(JournalKind kind, string name, string file, long offset, Memory<byte> bytes, CancellationToken cancellation)
    {
        var path = Path.Combine(FolderOf(kind).FolderOf(name), file);
        if (!JournalFolder.IsName(name) || !JournalFolder.IsName(file) || !File.Exists(path))
        {
            return 0;
        }

        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        var read = 0;
        while (read < bytes.Length && await RandomAccess.ReadAsync(handle, bytes[read..], offset + read, cancellation) is > 0 and var more)
        {
            read += more;
        }

        return read;
    }
}
