using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Walks the boxes in a piece of memory (ISO/IEC 14496-12 §4.2): 32-bit and 64-bit sizes, and size 0 for "to the end". It does not go into boxes;
/// read a container's <see cref="Payload"/> with another reader. A size that does not fit ends the walk.
/// </summary>
/// <remarks>
/// <code>
/// size(32) type(32) [size(64) if size is 1] [user type(128) if type is "uuid"] payload
/// </code>
/// </remarks>
public ref struct BoxReader(ReadOnlySpan<byte> data)
{
    const int Header = 8;
    const int LargeHeader = 16;
    const int UserType = 16;

    readonly ReadOnlySpan<byte> _data = data;
    int _next;

    /// <summary>The four characters of the current box.</summary>
    public ReadOnlySpan<byte> Type { get; private set; }

    /// <summary>What is behind the header of the current box; for a full box it begins with version and flags.</summary>
    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>Where the payload of the current box begins.</summary>
    public int PayloadStart { get; private set; }

    /// <summary>Where the current box begins, header included.</summary>
    public int Start { get; private set; }

    /// <summary>Whether the walk ended at a size that did not fit.</summary>
    public bool Malformed { get; private set; }

    public readonly bool Is(scoped ReadOnlySpan<byte> type) => Type.SequenceEqual(type);

    public bool MoveNext()
    {
        var rest = _data[_next..];
        if (rest.Length < Header)
        {
            Malformed |= !rest.IsEmpty;
            return false;
        }

        ulong size = BinaryPrimitives.ReadUInt32BigEndian(rest);
        var type = rest.Slice(4, 4);
        var header = size == 1 ? LargeHeader : Header;
        size = size switch
        {
            0 => (ulong)rest.Length,
            1 => rest.Length < LargeHeader ? 0 : BinaryPrimitives.ReadUInt64BigEndian(rest[Header..]),
            _ => size,
        };
        header += type.SequenceEqual("uuid"u8) ? UserType : 0;
        if (size < (ulong)header || size > (ulong)rest.Length)
        {
            Malformed = true;
            return false;
        }

        Start = _next;
        PayloadStart = _next + header;
        Type = type;
        Payload = rest[header..(int)size];
        _next += (int)size;
        return true;
    }

    /// <summary>The payload of the first box of a type; false where there is none.</summary>
    public static bool TryFind(ReadOnlySpan<byte> data, scoped ReadOnlySpan<byte> type, out ReadOnlySpan<byte> payload)
    {
        var reader = new BoxReader(data);
        while (reader.MoveNext())
        {
            if (reader.Is(type))
            {
                payload = reader.Payload;
                return true;
            }
        }

        payload = default;
        return false;
    }
}
