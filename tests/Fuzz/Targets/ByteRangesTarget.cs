using System.Buffers.Binary;
using System.Text;
using Tributary.Gateway.Vod;

namespace Tributary.Fuzz.Targets;

/// <summary>Range headers for bodies of any length (the first four bytes): what is sent lies in the body, and is no more than the body.</summary>
[FuzzTarget("byte-ranges")]
static class ByteRangesTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 4)
        {
            return;
        }

        long length = BinaryPrimitives.ReadUInt32BigEndian(input);
        var ranges = ByteRanges.Read(Encoding.Latin1.GetString(input[4..]), length);
        Holds.That(ranges is null || ranges.Sum(range => range.Count) <= length, "More is sent than there is.");
        foreach (var (from, count) in ranges ?? [])
        {
            Holds.That(from >= 0 && count > 0 && from + count <= length, "A range lies outside the body.");
        }
    }
}
