using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Matroska;

/// <summary>An element of a file, seen by its header only.</summary>
/// <param name="Id">With its length marker.</param>
/// <param name="Payload">Place of what follows the header.</param>
/// <param name="End">Place behind its last byte: the parent's end where the size is unknown or does not fit.</param>
/// <param name="IsOpen">Whether its size is not known.</param>
readonly record struct FileElement(uint Id, long Payload, long End, bool IsOpen)
{
    public long PayloadLength => End - Payload;
}

/// <summary>Reads element headers of a file hop by hop (RFC 8794 §6). Sizes are believed only within the parent, and elements are counted.</summary>
sealed class EbmlFile(FileWindow file, int maxElements)
{
    const int LongestHeader = 12;

    int _seen;

    public FileWindow File => file;

    /// <summary>Whether the limit of elements was hit.</summary>
    public bool IsExhausted => _seen > maxElements;

    /// <summary>The element at a place; null at the end of the parent, and where no element begins.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask<FileElement?> ReadHeaderAsync(long at, long parentEnd, CancellationToken cancellation)
    {
        if (at >= parentEnd || ++_seen > maxElements)
        {
            return null;
        }

        var header = await file.PeekAsync(at, (int)Math.Min(LongestHeader, parentEnd - at), cancellation);
        return Parse(header.Span, at, parentEnd);
    }

    /// <summary>The payload; null where it is longer than <paramref name="limit"/>, or the file ends before.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask<byte[]?> ReadPayloadAsync(FileElement element, long limit, CancellationToken cancellation)
    {
        if (element.PayloadLength > limit)
        {
            return null;
        }

        var payload = new byte[element.PayloadLength];
        return await file.TryReadAsync(element.Payload, payload, cancellation) ? payload : null;
    }

    static FileElement? Parse(ReadOnlySpan<byte> header, long at, long parentEnd)
    {
        var idLength = Ebml.ReadId(header, out var id);
        var sizeLength = Ebml.ReadNumber(header[idLength..], out var size);
        if (idLength == 0 || sizeLength == 0)
        {
            return null;
        }

        var payload = at + idLength + sizeLength;
        var isOpen = size == Ebml.Unknown;
        return new FileElement(id, payload, isOpen || size > parentEnd - payload ? parentEnd : payload + size, isOpen);
    }
}
