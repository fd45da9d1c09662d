using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>What mvhd or mdhd say: the clock, the duration and, in mdhd, the language (ISO/IEC 14496-12 §8.2.2, §8.4.2).</summary>
/// <param name="Duration">In ticks; 0 where it is not known (all ones, or more than any file has).</param>
/// <param name="Language">Three letters of ISO 639-2; empty where it is undetermined.</param>
readonly record struct MediaHeader(int Timescale, long Duration, string Language)
{
    /// <summary>False where the box is cut short, or its clock stands still.</summary>
    public static bool TryRead(ReadOnlySpan<byte> box, out MediaHeader header)
    {
        header = default;
        var isLong = !box.IsEmpty && box[0] == 1;
        if (box.Length < (isLong ? 34 : 22))
        {
            return false;
        }

        var timescale = BinaryPrimitives.ReadUInt32BigEndian(box[(isLong ? 20 : 12)..]);
        var duration = isLong ? BinaryPrimitives.ReadUInt64BigEndian(box[24..]) : BinaryPrimitives.ReadUInt32BigEndian(box[16..]);
        var known = duration < (isLong ? long.MaxValue / 4UL : uint.MaxValue);
        header = new MediaHeader((int)Math.Min(timescale, int.MaxValue), known ? (long)duration : 0, Unpack(box[(isLong ? 32 : 20)..]));
        return timescale is > 0 and <= int.MaxValue;
    }

    // Three letters of five bits, each less 0x60.
    static string Unpack(ReadOnlySpan<byte> field)
    {
        var packed = BinaryPrimitives.ReadUInt16BigEndian(field);
        Span<char> letters = [(char)(0x60 + (packed >> 10 & 0x1F)), (char)(0x60 + (packed >> 5 & 0x1F)), (char)(0x60 + (packed & 0x1F))];
        return letters.ContainsAnyExceptInRange('a', 'z') || letters.SequenceEqual("und") ? "" : new string(letters);
    }
}
