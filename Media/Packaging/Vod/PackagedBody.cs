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
    const int Piece = 64 << 10;

    public ReadOnlyMemory<byte> Bytes => bytes;

    public override long Length => bytes.Length;

    // What a connection sends in one call it takes from few buffers: pieces of its own size would be one of every 4 kB.
    public override async ValueTask WriteAsync(PipeWriter output, long from, long count, CancellationToken cancellation)
    {
        for (var rest = bytes.Slice((int)from, (int)count); !rest.IsEmpty;)
        {
            var piece = rest[..Math.Min(rest.Length, Piece)];
            piece.Span.CopyTo(output.GetSpan(piece.Length));
            output.Advance(piece.Length);
            rest = rest[piece.Length..];
            if ((await output.FlushAsync(cancellation)).IsCompleted)
            {
                return;
            }
        }
    }
}
