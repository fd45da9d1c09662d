using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>The one change that a record needs to stand in an hvc1 sample entry.</summary>
static class HevcArrays
{
    const int FixedPart = 23;
    const int Complete = 0x80;

    /// <summary>
    /// Sets array_completeness in each array of a copy of an hvcC: hvc1 demands it (ISO/IEC 14496-15 §8.4.1.1), and encoders that write hev1 leave it 0.
    /// </summary>
    public static void MarkComplete(Span<byte> hvcC)
    {
        if (hvcC.Length < FixedPart)
        {
            return;
        }

        var at = FixedPart;
        for (var arrays = hvcC[FixedPart - 1]; arrays > 0 && at + 3 <= hvcC.Length; arrays--)
        {
            hvcC[at] |= Complete;
            var units = BinaryPrimitives.ReadUInt16BigEndian(hvcC[(at + 1)..]);
            at += 3;
            for (; units > 0 && at + 2 <= hvcC.Length; units--)
            {
                at += 2 + BinaryPrimitives.ReadUInt16BigEndian(hvcC[at..]);
            }
        }
    }
}
