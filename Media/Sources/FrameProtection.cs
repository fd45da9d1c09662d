using System.Buffers.Binary;

namespace Tributary.Media.Sources;

/// <summary>
/// What of each frame of a track is encrypted, and with which initialisation vector: the box senc (ISO/IEC 23001-7 §7.2), left as the file has it.
/// </summary>
/// <remarks>
/// <code>
/// version(8) flags(24) count(32), for each frame: IV [count(16), for each part: clear(16) protected(32)]
/// </code>
/// </remarks>
public sealed class FrameProtection
{
    const int Header = 8;
    const int PartSize = 6;
    const int HasParts = 2;

    readonly ReadOnlyMemory<byte> _box;
    readonly int[] _starts;
    readonly int _ivSize;
    readonly bool _hasParts;

    FrameProtection(ReadOnlyMemory<byte> box, int[] starts, int ivSize, bool hasParts) => (_box, _starts, _ivSize, _hasParts) = (box, starts, ivSize, hasParts);

    public long MemoryBytes => _box.Length + 4L * _starts.Length;

    /// <summary>Reads the payload of a senc box; null where it is missing or cut short, or has vectors of another size than the scheme knows.</summary>
    public static FrameProtection? Read(ReadOnlyMemory<byte> box, int ivSize)
    {
        var bytes = box.Span;
        if (bytes.Length < Header || ivSize is not (8 or 16) || BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) is var count && count > (bytes.Length - Header) / ivSize)
        {
            return null;
        }

        var (starts, at, hasParts) = (new int[count], Header, (bytes[3] & HasParts) != 0);
        for (var frame = 0; frame < starts.Length; frame++)
        {
            starts[frame] = at;
            at += ivSize;
            if (hasParts)
            {
                at += at + 2 <= bytes.Length ? 2 + PartSize * BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) : bytes.Length;
            }

            if (at > bytes.Length)
            {
                return null;
            }
        }

        return new FrameProtection(box, starts, ivSize, hasParts);
    }

    /// <summary>A frame's initialisation vector, and its parts: none where all of it is encrypted.</summary>
    internal bool TryFind(int frame, out ReadOnlySpan<byte> iv, out ReadOnlySpan<byte> parts)
    {
        iv = parts = default;
        if ((uint)frame >= (uint)_starts.Length)
        {
            return false;
        }

        var entry = _box.Span[_starts[frame]..];
        iv = entry[.._ivSize];
        parts = _hasParts ? entry.Slice(_ivSize + 2, PartSize * BinaryPrimitives.ReadUInt16BigEndian(entry[_ivSize..])) : default;
        return true;
    }

    /// <summary>Takes the first part off: so many bytes as they are, then so many that are encrypted.</summary>
    internal static (int Clear, long Protected) Next(ref ReadOnlySpan<byte> parts)
    {
        var part = (BinaryPrimitives.ReadUInt16BigEndian(parts), BinaryPrimitives.ReadUInt32BigEndian(parts[2..]));
        parts = parts[PartSize..];
        return part;
    }
}
