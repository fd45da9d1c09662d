using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>A box of a file, seen by its header only.</summary>
/// <param name="Type">Four characters as a number, most significant first.</param>
/// <param name="Start">Place of its header in the file.</param>
/// <param name="Payload">Place of what follows the header.</param>
/// <param name="End">Place behind its last byte; beyond the parent's where <paramref name="Fits"/> is false.</param>
/// <param name="Fits">Whether it ends within its parent.</param>
readonly record struct FileBox(uint Type, long Start, long Payload, long End, bool Fits)
{
    public long PayloadLength => End - Payload;

    public override string ToString() =>
        string.Create(4, Type, static (text, type) =>
        {
            for (var i = 0; i < 4; i++)
            {
                var letter = (char)(type >> (24 - 8 * i) & 0xFF);
                text[i] = char.IsAsciiLetterOrDigit(letter) ? letter : '?';
            }
        });
}

/// <summary>
/// Reads box headers of a file hop by hop (ISO/IEC 14496-12 §4.2), through a window of memory, so that neighbours cost no read of their own and what
/// nobody needs is not read at all. Sizes are believed only within the parent, and boxes are counted.
/// </summary>
sealed class FileBoxes(IByteSource source, int maxBoxes) : IDisposable
{
    const int SmallWindow = 64 << 10;
    const int LargeWindow = 4 << 20;
    const int Header = 8;
    const int LargeHeader = 16;

    byte[] _window = ArrayPool<byte>.Shared.Rent(SmallWindow);
    long _start;
    int _filled;
    int _seen;

    /// <summary>What is wrong with the boxes: one sentence, empty while nothing is.</summary>
    public string Damage { get; private set; } = "";

    public long Length => source.Length;

    /// <summary>The box at a place; null at the end of the parent, and where <see cref="Damage"/> says why.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask<FileBox?> ReadHeaderAsync(long at, long parentEnd, CancellationToken cancellation)
    {
        if (parentEnd - at < Header)
        {
            return null;   // padding: some writers end a container with four zeros
        }

        if (++_seen > maxBoxes)
        {
            return Fail($"The file has more than {maxBoxes} boxes.");
        }

        var header = await PeekAsync(at, (int)Math.Min(LargeHeader, parentEnd - at), cancellation);
        return header.Length < Header ? Fail($"The file ends in a box header at {at}.") : Parse(header.Span, at, parentEnd);
    }

    /// <summary>The payload of a box that fits; null where it is longer than <paramref name="limit"/>, and <see cref="Damage"/> says so.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask<byte[]?> ReadPayloadAsync(FileBox box, long limit, CancellationToken cancellation)
    {
        if (!box.Fits || box.PayloadLength > Math.Min(limit, Array.MaxLength))
        {
            Fail($"The {box} box at {box.Start} is longer than it may be.");
            return null;
        }

        var payload = new byte[box.PayloadLength];
        var known = TakeFromWindow(box.Payload, payload);
        if (known < payload.Length && await source.ReadAsync(box.Payload + known, payload.AsMemory(known), cancellation) < payload.Length - known)
        {
            Fail($"The file ends in the {box} box at {box.Start}.");
            return null;
        }

        return payload;
    }

    /// <summary>Reads further at a time from now on: what comes is <paramref name="bytes"/> long, and is wanted.</summary>
    public void ExpectToRead(long bytes)
    {
        if (bytes > _window.Length && _window.Length < LargeWindow)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(bytes, LargeWindow));
            _window.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_window);
            _window = larger;
        }
    }

    /// <summary>Notes what a caller found wrong.</summary>
    public void Refuse(string damage) => Damage = damage;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_window);

    FileBox? Parse(ReadOnlySpan<byte> header, long at, long parentEnd)
    {
        ulong size = BinaryPrimitives.ReadUInt32BigEndian(header);
        var headerSize = size == 1 ? LargeHeader : Header;
        size = size switch
        {
            0 => (ulong)(parentEnd - at),
            1 => header.Length < LargeHeader ? 0 : BinaryPrimitives.ReadUInt64BigEndian(header[Header..]),
            _ => size,
        };
        if (size < (ulong)headerSize)
        {
            return Fail($"The box at {at} is shorter than its header.");
        }

        var end = size > (ulong)(long.MaxValue - at) ? long.MaxValue : at + (long)size;
        return new FileBox(BinaryPrimitives.ReadUInt32BigEndian(header[4..]), at, at + headerSize, end, end <= parentEnd);
    }

    async ValueTask<ReadOnlyMemory<byte>> PeekAsync(long at, int count, CancellationToken cancellation)
    {
        if (at < _start || at + count > _start + _filled)
        {
            (_start, _filled) = (at, 0);
            _filled = await source.ReadAsync(at, _window, cancellation);
        }

        return _window.AsMemory((int)(at - _start), Math.Min(count, _filled - (int)(at - _start)));
    }

    int TakeFromWindow(long at, Span<byte> payload)
    {
        var into = at - _start;
        if (into < 0 || into >= _filled)
        {
            return 0;
        }

        var take = (int)Math.Min(payload.Length, _filled - into);
        _window.AsSpan((int)into, take).CopyTo(payload);
        return take;
    }

    FileBox? Fail(string damage)
    {
        Damage = damage;
        return null;
    }
}
