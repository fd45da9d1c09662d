using System.Buffers.Binary;
using Tributary.Media.Containers.MpegTs;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// A picture of a file as the byte stream of a transport stream (ITU-T H.264 and H.265 Annex B): start codes where the lengths are, four bytes for the first
/// NAL unit, three for others, and the zero bytes that this saves at the end (trailing_zero_8bits, §B.1), so that the picture keeps its size.
/// </summary>
static class ByteStream
{
    const int LengthSize = 4;

    static ReadOnlySpan<byte> StartCode => [0, 0, 0, 1];

    static ReadOnlySpan<byte> Zeros => [0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>Whether the lengths of a picture's NAL units add up to it.</summary>
    internal static bool AddsUp(ReadOnlySpan<byte> picture)
    {
        while (picture.Length > LengthSize)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(picture);
            if (length > picture.Length - LengthSize)
            {
                return false;
            }

            picture = picture[(LengthSize + (int)length)..];
        }

        return picture.IsEmpty;
    }

    /// <summary>Appends a picture whose lengths add up: as many bytes as it has.</summary>
    internal static void Append(ref TsPacketWriter writer, scoped ReadOnlySpan<byte> picture)
    {
        var saved = 0;
        for (var code = StartCode; !picture.IsEmpty; code = StartCode[1..])
        {
            var end = LengthSize + (int)BinaryPrimitives.ReadUInt32BigEndian(picture);
            writer.Append(code);
            writer.Append(picture[LengthSize..end]);
            saved += LengthSize - code.Length;
            picture = picture[end..];
        }

        for (; saved > 0; saved -= Zeros.Length)
        {
            writer.Append(Zeros[..Math.Min(saved, Zeros.Length)]);
        }
    }

    /// <summary>Writes a picture whose lengths add up: as many bytes as it has.</summary>
    internal static void Write(Span<byte> target, ReadOnlySpan<byte> picture)
    {
        for (var code = StartCode; !picture.IsEmpty; code = StartCode[1..])
        {
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(picture);
            code.CopyTo(target);
            picture.Slice(LengthSize, length).CopyTo(target[code.Length..]);
            target = target[(code.Length + length)..];
            picture = picture[(LengthSize + length)..];
        }

        target.Clear();
    }
}
