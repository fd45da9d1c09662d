namespace Tributary.Media.Sources;

/// <summary>
/// Bytes that can be read at any place: a file, a resource that answers HTTP range requests, memory. The seam between readers of containers,
/// which know offsets, and whoever knows where the bytes are.
/// </summary>
public interface IByteSource : IAsyncDisposable
{
    /// <summary>Bytes in all.</summary>
    long Length { get; }

    /// <summary>When the bytes were last changed; null where the source does not say.</summary>
    DateTimeOffset? LastModified { get; }

    /// <summary>Bytes that are best asked for at once, where more are needed: many where each question goes far.</summary>
    int ReadAhead => 0;

    /// <summary>Reads at <paramref name="offset"/>, at most <paramref name="buffer"/>'s length.</summary>
    /// <returns>Bytes read; fewer than asked for only at the end.</returns>
    /// <exception cref="IOException">The source cannot be read (any more).</exception>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);
}
