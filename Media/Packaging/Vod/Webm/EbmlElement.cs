using System.Buffers.Binary;
using System.Text;

namespace Tributary.Media.Packaging.Vod.Webm;

/// <summary>Makes EBML elements (RFC 8794): identifier, size, content.</summary>
static class EbmlElement
{
    const int MaxSize = 4;

    /// <summary>An element of a size that is not told: it lasts until one comes that cannot be in it (§6.2).</summary>
    internal static byte[] Unbounded(uint id) => [.. Id(id), 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

    internal static byte[] Of(uint id, params ReadOnlySpan<byte[]> children)
    {
        var content = new List<byte>();
        foreach (var child in children)
        {
            content.AddRange(child);
        }

        return [.. Id(id), .. Size(content.Count), .. content];
    }

    internal static byte[] Unsigned(uint id, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        var first = Math.Min(7, BitLeadingZeros(value) / 8);
        return Of(id, bytes[first..].ToArray());
    }

    internal static byte[] Text(uint id, string text) => Of(id, Encoding.ASCII.GetBytes(text));

    internal static byte[] Float(uint id, double value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        return Of(id, bytes);
    }

    /// <summary>An identifier as it stands in the file: its length is in its first byte (§5).</summary>
    internal static byte[] Id(uint id) => id switch
    {
        > 0xFF_FFFF => [(byte)(id >> 24), (byte)(id >> 16), (byte)(id >> 8), (byte)id],
        > 0xFFFF => [(byte)(id >> 16), (byte)(id >> 8), (byte)id],
        > 0xFF => [(byte)(id >> 8), (byte)id],
        _ => [(byte)id],
    };

    /// <summary>A size in as few bytes as it needs.</summary>
    internal static byte[] Size(long size)
    {
        Span<byte> bytes = stackalloc byte[MaxSize];
        return bytes[..WriteSize(bytes, size)].ToArray();
    }

    /// <summary>Bytes that a size takes; all ones would be an unknown one (§4).</summary>
    internal static int SizeLength(long size) => size switch { < 0x7F => 1, < 0x3FFF => 2, < 0x1F_FFFF => 3, _ => MaxSize };

    /// <summary>Writes a size of less than 256 MiB, and returns how many bytes it took.</summary>
    internal static int WriteSize(Span<byte> bytes, long size)
    {
        var length = SizeLength(size);
        for (var i = length; i-- > 0; size >>= 8)
        {
            bytes[i] = (byte)size;
        }

        bytes[0] = (byte)(bytes[0] & (0xFF >> length) | 0x80 >> (length - 1));
        return length;
    }

    static int BitLeadingZeros(ulong value) => System.Numerics.BitOperations.LeadingZeroCount(value);
}
