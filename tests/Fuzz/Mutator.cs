using System.Buffers.Binary;

namespace Tributary.Fuzz;

/// <summary>
/// Makes new inputs out of those of the corpus: what a parser finds hard is mostly a valid input with one or two things wrong.
/// </summary>
sealed class Mutator(IReadOnlyList<byte[]> corpus, Random random)
{
    const int LongestInput = 64 * 1024, MostChanges = 8;

    static readonly uint[] Interesting =
        [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF];

    public byte[] Next()
    {
        if (corpus.Count == 0 || random.Next(50) == 0)
        {
            return Noise(random.Next(1, 512));
        }

        List<byte> input = [.. corpus[random.Next(corpus.Count)]];
        for (var changes = random.Next(1, MostChanges + 1); changes > 0; changes--)
        {
            Change(input);
        }

        return input.Count <= LongestInput ? [.. input] : [.. input.Take(LongestInput)];
    }

    void Change(List<byte> input)
    {
        var at = random.Next(input.Count + 1);
        switch (random.Next(9))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = (byte)random.Next(256);
                break;
            case 2 or 3:
                WriteInteresting(input, at);
                break;
            case 4 when at < input.Count:
                input.RemoveRange(at, random.Next(Math.Min(input.Count - at, 64)) + 1);
                break;
            case 5:
                input.InsertRange(at, Noise(random.Next(1, 16)));
                break;
            case 6 when at < input.Count:
                var piece = input.GetRange(at, random.Next(Math.Min(input.Count - at, 256)) + 1);
                input.InsertRange(random.Next(input.Count + 1), piece);
                break;
            case 7:
                var other = corpus[random.Next(corpus.Count)];
                var from = random.Next(other.Length + 1);
                input.RemoveRange(at, input.Count - at);
                input.AddRange(other[from..]);
                break;
            case 8 when at > 0:
                input.RemoveRange(at, input.Count - at);
                break;
        }
    }

    // A number on a border, in 1 to 4 bytes of either order, over what is there.
    void WriteInteresting(List<byte> input, int at)
    {
        Span<byte> number = stackalloc byte[4];
        var value = Interesting[random.Next(Interesting.Length)];
        var size = random.Next(1, 5);
        if (random.Next(4) > 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(number, value);
            number = number[(4 - size)..];
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(number, value);
            number = number[..size];
        }

        for (var i = 0; i < number.Length && at + i < input.Count; i++)
        {
            input[at + i] = number[i];
        }
    }

    byte[] Noise(int length)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }
}
