using System.IO.Pipelines;

namespace Tributary.Media.Packaging.Vod;

/// <summary>An answer's body: how long it is, known before its first byte, and any part of it.</summary>
public abstract class PackagedBody : IAsyncDisposable
{
    public required string ContentType { get; init; }

    /// <summary>Bytes in all.</summary>
    public abstract long Length { get; }

    /// <summary>Writes <paramref name="count"/> bytes from <paramref name="from"/> on.</summary>
    /// <exception cref="IOException">The media's source failed after all.</exception>
    public abstract ValueTask WriteAsync(PipeWriter output, long from, long count, CancellationToken cancellation);

    /// <summary>Gives back what the body holds: sources, pooled memory.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }
}

/// <summary>A body that is in memory as a whole: manifests, captions, initialisation segments.</summary>
public sealed class MemoryBody(ReadOnlyMemory<byte> bytes) : PackagedBody
{
    public ReadOnlyMemory<byte> Bytes => bytes;

    public override long Length => bytes.Length;

    public override async ValueTask WriteAsync(PipeWriter output, long from, long count, CancellationToken cancellation) =>
        await output.WriteAsync(bytes.Slice((int)from, (int)count), cancellation);
}
