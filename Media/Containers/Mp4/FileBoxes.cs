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
/// Reads box headers of a file hop by hop (ISO/IEC 14496-12 §4.2). Sizes are believed only within the parent, and boxes are counted.
/// </summary>
sealed class FileBoxes(FileWindow file, int maxBoxes)
{
    const int Header = 8;
    const int LargeHeader = 16;

    int _seen;

    /// <summary>What is wrong with the boxes: one sentence, empty while nothing is.</summary>
    public string Damage { get; private set; } = "";

    public FileWindow File => file;

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

        var header = await file.PeekAsync(at, (int)Math.Min(LargeHeader, parentEnd - at), cancellation);
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

        var payload = GC.AllocateUninitializedArray<byte>((int)box.PayloadLength);   // all of it is filled, or none is used
        if (!await file.TryReadAsync(box.Payload, payload, cancellation))
        {
            Fail($"The file ends in the {box} box at {box.Start}.");
            return null;
        }

        return payload;
    }

    /// <summary>Notes what a caller found wrong.</summary>
    public void Refuse(string damage) => Damage = damage;

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

    FileBox? Fail(string damage)
    {
        Damage = damage;
        return null;
    }
}
