using System.Buffers;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// A file of an upstream, read by ranges. Reads ahead: frames lie one after another, so a read asks for a block of at least
/// <c>cache_buffer_size</c>. Belongs to one request; reads of it are one at a time.
/// </summary>
sealed class HttpSource(UpstreamClient client, UpstreamAddress uri, long length, string identity, DateTimeOffset? lastModified, int block) : IByteSource
{
    byte[]? _buffer;
    long _from;
    int _count;

    public long Length => length;

    public DateTimeOffset? LastModified => lastModified;

    public string Identity => identity;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var done = 0;
        while (done < buffer.Length && offset + done < length)
        {
            var at = offset + done;
            if (at >= _from && at < _from + _count)
            {
                var have = (int)Math.Min(_from + _count - at, buffer.Length - done);
                _buffer.AsMemory((int)(at - _from), have).CopyTo(buffer[done..]);
                done += have;
                continue;
            }

            await Fill(at, buffer.Length - done, cancellation);
        }

        return done;
    }

    async Task Fill(long offset, int wanted, CancellationToken cancellation)
    {
        var size = (int)Math.Min(Math.Clamp(wanted, block, Math.Max(block, MostAtOnce)), length - offset);
        if (_buffer is null || _buffer.Length < size)
        {
            Return();
            _buffer = ArrayPool<byte>.Shared.Rent(size);
        }

        _count = 0;
        var answer = await client.ReadAsync(uri, offset, _buffer.AsMemory(0, size), cancellation);
        if (answer.Failure != MediaFailure.None)
        {
            throw new IOException(answer.Reason);
        }

        if (answer.Total != length || answer.Identity != identity || answer.Read == 0)
        {
            throw new IOException($"{uri} changed while it was read");
        }

        (_from, _count) = (offset, answer.Read);
    }

    const int MostAtOnce = 4 << 20;

    void Return()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    public ValueTask DisposeAsync()
    {
        _count = 0;
        Return();
        return default;
    }
}
