using System.Buffers.Binary;

namespace Tributary.Grains.Platform.Content;

/// <summary>
/// How long an MP4 file is and how large its picture, from the movie header (ISO/IEC 14496-12 §8.2.2, §8.3.2). Everything else is found out by whoever
/// packages it.
/// </summary>
public readonly record struct Mp4Facts(double Seconds, int Width, int Height)
{
    const int LargestMoov = 64 * 1_024 * 1_024;

    /// <summary>False: it is no MP4 with a movie header, or is damaged.</summary>
    public static bool TryRead(string path, out Mp4Facts facts)
    {
        facts = default;
        using var file = File.OpenRead(path);
        var head = new byte[16];
        for (long at = 0; at + 8 <= file.Length;)
        {
            file.Position = at;
            if (file.ReadAtLeast(head, 16, throwOnEndOfStream: false) < 8)
            {
                return false;
            }

            long size = BinaryPrimitives.ReadUInt32BigEndian(head);
            size = size == 1 ? (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(8)), long.MaxValue) : size == 0 ? file.Length - at : size;
            if (size < 8 || size > file.Length - at)
            {
                return false;
            }

            if (head.AsSpan(4, 4).SequenceEqual("moov"u8))
            {
                return size <= LargestMoov && TryRead(file, at, (int)size, out facts);
            }

            at += size;
        }

        return false;
    }

    static bool TryRead(FileStream file, long at, int size, out Mp4Facts facts)
    {
        var moov = new byte[size];
        file.Position = at;
        file.ReadExactly(moov);
        return TryRead(moov.AsSpan(8), out facts);
    }

    /// <summary>Reads the boxes inside a movie box.</summary>
    public static bool TryRead(ReadOnlySpan<byte> moov, out Mp4Facts facts)
    {
        double seconds = 0;
        var (width, height) = (0, 0);
        while (TryNext(ref moov, out var type, out var body))
        {
            if (type == "mvhd" && !TryDuration(body, out seconds))
            {
                facts = default;
                return false;
            }

            if (type == "trak")
            {
                for (var trak = body; TryNext(ref trak, out var inner, out var header);)
                {
                    if (inner == "tkhd" && header.Length >= 84 && BinaryPrimitives.ReadUInt32BigEndian(header[^8..]) >> 16 is > 0 and var wide)
                    {
                        (width, height) = ((int)wide, (int)(BinaryPrimitives.ReadUInt32BigEndian(header[^4..]) >> 16));
                    }
                }
            }
        }

        facts = new Mp4Facts(seconds, width, height);
        return seconds > 0;
    }

    // Version 1 has 64-bit times.
    static bool TryDuration(ReadOnlySpan<byte> mvhd, out double seconds)
    {
        seconds = 0;
        var wide = mvhd.Length > 0 && mvhd[0] == 1;
        if (mvhd.Length < (wide ? 32 : 20))
        {
            return false;
        }

        var scale = BinaryPrimitives.ReadUInt32BigEndian(mvhd[(wide ? 20 : 12)..]);
        var duration = wide ? BinaryPrimitives.ReadUInt64BigEndian(mvhd[24..]) : BinaryPrimitives.ReadUInt32BigEndian(mvhd[16..]);
        seconds = scale > 0 ? duration / (double)scale : 0;
        return scale > 0 && seconds < 1e7;
    }

    static bool TryNext(ref ReadOnlySpan<byte> boxes, out string type, out ReadOnlySpan<byte> body)
    {
        type = "";
        body = default;
        if (boxes.Length < 8)
        {
            return false;
        }

        var size = BinaryPrimitives.ReadUInt32BigEndian(boxes);
        if (size < 8 || size > (uint)boxes.Length)
        {
            return false;
        }

        type = System.Text.Encoding.Latin1.GetString(boxes.Slice(4, 4));
        body = boxes[8..(int)size];
        boxes = boxes[(int)size..];
        return true;
    }
}
