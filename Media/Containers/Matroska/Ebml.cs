using System.Buffers.Binary;
using System.Numerics;

namespace Tributary.Media.Containers.Matroska;

/// <summary>Variable-size integers of EBML (RFC 8794 §4): the zeros before the first one say how many bytes follow.</summary>
static class Ebml
{
    public const long Unknown = -1;

    /// <summary>An element ID of 1 to 4 bytes, its marker kept; 0 where there is none. Returns its length.</summary>
    public static int ReadId(ReadOnlySpan<byte> data, out uint id)
    {
        var length = data.IsEmpty ? 0 : BitOperations.LeadingZeroCount((uint)data[0]) - 23;
        id = 0;
        if (length is < 1 or > 4 || length > data.Length)
        {
            return 0;
        }

        for (var i = 0; i < length; i++)
        {
            id = id << 8 | data[i];
        }

        return length;
    }

    /// <summary>A number of 1 to 8 bytes without its marker; <see cref="Unknown"/> where all its bits are ones. Returns its length, 0 where there is none.</summary>
    public static int ReadNumber(ReadOnlySpan<byte> data, out long number)
    {
        var length = data.IsEmpty || data[0] == 0 ? 0 : BitOperations.LeadingZeroCount((uint)data[0]) - 23;
        number = 0;
        if (length == 0 || length > data.Length)
        {
            return 0;
        }

        number = data[0] & (0xFF >> length);
        for (var i = 1; i < length; i++)
        {
            number = number << 8 | data[i];
        }

        number = number == (1L << 7 * length) - 1 ? Unknown : number;
        return length;
    }

    /// <summary>An unsigned integer element of up to 8 bytes (§7.2); at most <see cref="long.MaxValue"/>.</summary>
    public static long Unsigned(ReadOnlySpan<byte> payload)
    {
        ulong value = 0;
        foreach (var part in payload[..Math.Min(8, payload.Length)])
        {
            value = value << 8 | part;
        }

        return (long)Math.Min(value, long.MaxValue);
    }

    /// <summary>A float element of 4 or 8 bytes (§7.3); 0 for any other, and for what is no number.</summary>
    public static double Float(ReadOnlySpan<byte> payload)
    {
        var value = payload.Length switch
        {
            4 => BinaryPrimitives.ReadSingleBigEndian(payload),
            8 => BinaryPrimitives.ReadDoubleBigEndian(payload),
            _ => 0,
        };
        return double.IsFinite(value) ? value : 0;
    }
}

/// <summary>Walks the elements in a piece of memory. A size that does not fit ends the walk.</summary>
ref struct EbmlReader(ReadOnlySpan<byte> data)
{
    ReadOnlySpan<byte> _rest = data;

    public uint Id { get; private set; }

    public ReadOnlySpan<byte> Payload { get; private set; }

    public bool MoveNext()
    {
        var idLength = Ebml.ReadId(_rest, out var id);
        if (idLength == 0)
        {
            return false;
        }

        var sizeLength = Ebml.ReadNumber(_rest[idLength..], out var size);
        if (sizeLength == 0 || size < 0 || size > _rest.Length - idLength - sizeLength)
        {
            return false;
        }

        Take(id, idLength + sizeLength, (int)size);
        return true;
    }

    void Take(uint id, int header, int size)
    {
        Id = id;
        Payload = _rest.Slice(header, size);
        _rest = _rest[(header + size)..];
    }
}
