using System.Buffers;

namespace Tributary.Media.Sources;

/// <summary>
/// The part of a file that a reader looks at: headers that are near each other cost one read, what is hopped over none.
/// </summary>
sealed class FileWindow(IByteSource source) : IDisposable
{
    const int SmallWindow = 64 << 10;
    const int LargeWindow = 4 << 20;
    const int NearHeaders = 8 << 10;

    byte[] _window = ArrayPool<byte>.Shared.Rent(SmallWindow);
    int _readAhead = SmallWindow;
    long _start;
    int _filled;

    public long Length => source.Length;

    /// <summary>
    /// Reads further at a time from now on, where each question goes far: what comes is <paramref name="bytes"/> long, and is wanted. Of what is near, headers are
    /// read and large payloads go where they belong at once.
    /// </summary>
    public void ExpectToRead(long bytes)
    {
        if (source.ReadAhead == 0)
        {
            _readAhead = NearHeaders;
            return;
        }

        if (bytes > _window.Length && _window.Length < LargeWindow)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(bytes, LargeWindow));
            _window.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_window);
            _window = larger;
        }

        _readAhead = _window.Length;
    }

    /// <summary>Reads so far at a time from now on: little, where most of what follows is hopped over.</summary>
    public void ReadAhead(int bytes) => _readAhead = Math.Min(bytes, _window.Length);

    /// <summary>Bytes at a place, at most as many as the smallest window has; valid until the next call. Fewer than asked for at the end of the file.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(long at, int count, CancellationToken cancellation)
    {
        if (at < _start || at + count > _start + _filled)
        {
            (_start, _filled) = (at, 0);
            _filled = await source.ReadAsync(at, _window.AsMemory(0, Math.Max(count, _readAhead)), cancellation);
        }

        return _window.AsMemory((int)(at - _start), Math.Min(count, _filled - (int)(at - _start)));
    }

    /// <summary>Fills memory from a place on. False where the file ends before.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask<bool> TryReadAsync(long at, Memory<byte> memory, CancellationToken cancellation)
    {
        var known = TakeKnown(at, memory.Span);
        return known == memory.Length || await source.ReadAsync(at + known, memory[known..], cancellation) == memory.Length - known;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_window);

    int TakeKnown(long at, Span<byte> memory)
    {
        var into = at - _start;
        if (into < 0 || into >= _filled)
        {
            return 0;
        }

        var take = (int)Math.Min(memory.Length, _filled - into);
        _window.AsSpan((int)into, take).CopyTo(memory);
        return take;
    }
}
