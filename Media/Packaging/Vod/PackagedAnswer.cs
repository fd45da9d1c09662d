using System.Buffers;
using System.IO.Pipelines;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod;

/// <summary>What a packager made of a request: a body, or why there is none.</summary>
/// <param name="Body">The body, which whoever sends it gives back; null where it failed.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="Reason">One sentence for the log; empty where there is a body.</param>
public readonly record struct PackagedAnswer(PackagedBody? Body, MediaFailure Failure, string Reason)
{
    public static PackagedAnswer Of(PackagedBody body) => new(body, MediaFailure.None, "");

    public static PackagedAnswer Failed(MediaFailure failure, string reason) => new(null, failure, reason);
}

/// <summary>A body in rented memory of the size that was worked out for it.</summary>
sealed class PooledBody(int expected) : PackagedBody
{
    readonly PooledBytes _bytes = new(expected);

    /// <summary>Where the body is written to, before it is sent.</summary>
    internal IBufferWriter<byte> Output => _bytes;

    public override long Length => _bytes.Written.Length;

    // In pieces: a connection that is given all at once copies all before it sends any.
    public override async ValueTask WriteAsync(PipeWriter output, long from, long count, CancellationToken cancellation)
    {
        const int Chunk = 64 * 1024;
        for (var end = from + count; from < end; from += Chunk)
        {
            await output.WriteAsync(_bytes.Written.Slice((int)from, (int)Math.Min(Chunk, end - from)), cancellation);
        }
    }

    public override ValueTask DisposeAsync()
    {
        _bytes.Dispose();
        return base.DisposeAsync();
    }
}
