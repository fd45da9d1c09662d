using Tributary.Grains.Recordings;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Recorded;

/// <summary>A recording as one file for readers of containers: its head from memory, its media from the journals where they lie.</summary>
sealed class MovieSource(MovieDownload movie) : IByteSource
{
    public long Length => movie.Length;

    public DateTimeOffset? LastModified => null;

    // Its journals may lie on another node.
    public int ReadAhead => 1 << 20;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var read = 0;
        try
        {
            while (read < buffer.Length && offset + read < movie.Length && await movie.Read(offset + read, buffer[read..], cancellation) is > 0 and var count)
            {
                read += count;
            }
        }
        catch (HttpRequestException exception)
        {
            throw new IOException($"the node that holds the recording does not answer: {exception.Message}", exception);
        }

        return read;
    }

    public ValueTask DisposeAsync() => default;
}
