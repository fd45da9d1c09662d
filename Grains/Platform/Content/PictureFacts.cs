using System.Buffers.Binary;

namespace Tributary.Grains.Platform.Content;

/// <summary>What a picture file is and how large, from its first bytes: JPEG (ITU-T T.81 §B.2.2) or PNG (RFC 2083 §4.1.1).</summary>
public static class PictureFacts
{
    const int Head = 256 * 1_024;

    /// <summary>Its extension; jpg where it is none of the known.</summary>
    public static string Of(string path, out int width, out int height)
    {
        using var file = File.OpenRead(path);
        var head = new byte[Math.Min(Head, file.Length)];
        file.ReadExactly(head);
        return Of(head, out width, out height);
    }

    public static string Of(ReadOnlySpan<byte> head, out int width, out int height)
    {
        (width, height) = (0, 0);
        if (head.Length >= 24 && head[..8].SequenceEqual((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        {
            (width, height) = (BinaryPrimitives.ReadInt32BigEndian(head[16..]), BinaryPrimitives.ReadInt32BigEndian(head[20..]));
            return "png";
        }

        for (var at = 2; at + 9 < head.Length && head[at] == 0xFF;)
        {
            var (marker, length) = (head[at + 1], BinaryPrimitives.ReadUInt16BigEndian(head[(at + 2)..]));
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(head[(at + 5)..]), BinaryPrimitives.ReadUInt16BigEndian(head[(at + 7)..]));
                break;
            }

            at += 2 + Math.Max(2, (int)length);
        }

        return "jpg";
    }

    public static string ContentType(string extension) => extension == "png" ? "image/png" : "image/jpeg";
}
