using Tributary.Media.Sources;

namespace Tributary.Unit.Containers;

/// <summary>Bytes in memory as a source that counts what is read. Behind them it can be as long as a test wants: zeros, as a sparse file has.</summary>
sealed class MemorySource(byte[] bytes, long length = -1) : IByteSource
{
    public long Length => length < 0 ? bytes.Length : length;

    public DateTimeOffset? LastModified => null;

    public int Reads { get; private set; }

    public long BytesRead { get; private set; }

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        buffer.Span[..count].Clear();
        if (offset < bytes.Length)
        {
            var known = bytes.AsSpan((int)offset, (int)Math.Min(count, bytes.Length - offset));
            known.CopyTo(buffer.Span);
        }

        Reads++;
        BytesRead += count;
        return ValueTask.FromResult(count);
    }

    public ValueTask DisposeAsync() => default;
}
