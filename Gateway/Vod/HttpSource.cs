using System.Buffers;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// A file of an upstream, read by ranges. Reads ahead: frames lie one after another, so what is asked for is a block of at least
/// <c>cache_buffer_size</c>; what is larger goes into the reader's own memory. Belongs to one request; reads of it are one at a time.
/// </summary>
sealed class HttpSource(UpstreamClient client, UpstreamAddress uri, long length, string identity, DateTimeOffset? lastModified, int block) : IByteSource
{
    const int MostAtOnce = 4 << 20;

    byte[]? _buffer;
    long _from;
    int _count;

    public long Length => length;

    public DateTimeOffset? LastModified => lastModified;

    public int ReadAhead => Math.Max(block, MostAtOnce);

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

            var rest = (int)Math.Min(buffer.Length - done, length - at);
            if (rest >= block)
            {
                done += await AskAsync(at, buffer.Slice(done, Math.Min(rest, MostAtOnce)), cancellation);
            }
            else
            {
                await Fill(at, cancellation);
            }
        }

        return done;
    }

    async Task Fill(long offset, CancellationToken cancellation)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(block);
        _count = 0;
        _count = await AskAsync(offset, _buffer.AsMemory(0, (int)Math.Min(block, length - offset)), cancellation);
        _from = offset;
    }

    async ValueTask<int> AskAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var answer = await client.ReadAsync(uri, offset, buffer, cancellation);
        if (answer.Failure != MediaFailure.None)
        {
            throw new IOException(answer.Reason);
        }

        return answer.Total == length && answer.Identity == identity && answer.Read > 0 ? answer.Read : throw new IOException($"{uri} changed while it was read");
    }

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
