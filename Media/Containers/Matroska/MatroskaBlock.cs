using System.Buffers.Binary;

namespace Tributary.Media.Containers.Matroska;

/// <summary>The head of a Block or SimpleBlock (RFC 9559 §10): which track, when, and where its frames are.</summary>
/// <remarks>
/// <code>
/// track(vint) timestamp(16, signed, from the cluster's) flags: key(1) reserved(3) invisible(1) lacing(2) discardable(1)
/// [frames-1(8), sizes of all but the last]
/// </code>
/// </remarks>
/// <param name="Length">Bytes of the head.</param>
/// <param name="IsKey">Of a SimpleBlock only.</param>
readonly record struct MatroskaBlock(long Track, int Timestamp, bool IsKey, int Length)
{
    /// <summary>What a head takes at most: 256 sizes of up to 8 bytes.</summary>
    public const int LongestHead = 2_064;

    public const int MostFrames = 256;

    const int Xiph = 1;
    const int FixedSize = 2;

    /// <summary>Reads a head and the sizes of the block's frames, which fill it.</summary>
    /// <param name="data">The beginning of the block: all of it, or <see cref="LongestHead"/> bytes.</param>
    /// <param name="blockLength">Bytes of the block.</param>
    /// <param name="sizes">Room for <see cref="MostFrames"/> sizes.</param>
    /// <param name="frames">How many there are.</param>
    public static bool TryRead(ReadOnlySpan<byte> data, long blockLength, Span<int> sizes, out MatroskaBlock block, out int frames)
    {
        (block, frames) = (default, 0);
        var at = Ebml.ReadNumber(data, out var track);
        if (at == 0 || data.Length < at + 3)
        {
            return false;
        }

        var (timestamp, flags) = (BinaryPrimitives.ReadInt16BigEndian(data[at..]), data[at + 2]);
        at += 3;
        var lacing = flags >> 1 & 3;
        frames = 1;
        if (lacing != 0)
        {
            if (data.Length <= at)
            {
                return false;
            }

            frames = data[at++] + 1;
        }

        if (!TryReadSizes(data, ref at, blockLength, lacing, sizes[..frames]))
        {
            return false;
        }

        block = new MatroskaBlock(track, timestamp, (flags & 0x80) != 0, at);
        return true;
    }

    static bool TryReadSizes(ReadOnlySpan<byte> data, ref int at, long blockLength, int lacing, Span<int> sizes)
    {
        long known = 0;
        var size = 0L;
        for (var i = 0; i < sizes.Length - 1 && lacing != FixedSize; i++)
        {
            if (lacing == Xiph ? !TryReadXiph(data, ref at, out size) : !TryReadEbml(data, ref at, i == 0, ref size))
            {
                return false;
            }

            if (size < 0 || size > blockLength)
            {
                return false;
            }

            sizes[i] = (int)Math.Min(size, int.MaxValue);
            known += size;
        }

        var left = blockLength - at - known;
        if (left < 0 || left > int.MaxValue || (lacing == FixedSize && left % sizes.Length != 0))
        {
            return false;
        }

        sizes[^1] = (int)left;
        if (lacing == FixedSize)
        {
            sizes.Fill((int)(left / sizes.Length));
        }

        return true;
    }

    // Bytes of 255, and one that is less: their sum.
    static bool TryReadXiph(ReadOnlySpan<byte> data, ref int at, out long size)
    {
        size = 0;
        while (at < data.Length)
        {
            var part = data[at++];
            size += part;
            if (part < 255)
            {
                return true;
            }
        }

        return false;
    }

    // The first size as it is; then differences, whose range is centred on 0 (§10.3.3).
    static bool TryReadEbml(ReadOnlySpan<byte> data, ref int at, bool isFirst, ref long size)
    {
        var length = at > data.Length ? 0 : Ebml.ReadNumber(data[at..], out var number) is > 0 and var read ? Use(number, read, isFirst, ref size) : 0;
        at += length;
        return length > 0;
    }

    static int Use(long number, int length, bool isFirst, ref long size)
    {
        var all = number == Ebml.Unknown ? (1L << 7 * length) - 1 : number;
        size = isFirst ? all : size + all - ((1L << 7 * length - 1) - 1);
        return length;
    }
}
