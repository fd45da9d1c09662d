using Tributary.Media.Sources;

namespace Tributary.Fuzz.Targets;

/// <summary>An input as the bytes of a file; nothing about it waits.</summary>
sealed class MemorySource(byte[] bytes) : IByteSource
{
    public long Length => bytes.Length;

    public DateTimeOffset? LastModified => null;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        bytes.AsSpan((int)Math.Min(offset, Length), count).CopyTo(buffer.Span);
        return ValueTask.FromResult(count);
    }

    public ValueTask DisposeAsync() => default;
}
