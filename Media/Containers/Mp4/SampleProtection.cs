using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>The protection boxes of an encrypted sample entry: sinf with frma, schm, schi and tenc (ISO/IEC 14496-12 §8.12, ISO/IEC 23001-7 §8.2).</summary>
static class SampleProtection
{
    const int KeyIdSize = 16;

    /// <summary>False where the entry is of no encrypted type, or does not say of which type it would be without.</summary>
    public static bool TryRead(ReadOnlySpan<byte> type, ReadOnlyMemory<byte> boxes, out TrackEncryption? encryption, out ReadOnlyMemory<byte> original)
    {
        (encryption, original) = (null, default);
        if (!type.SequenceEqual("encv"u8) && !type.SequenceEqual("enca"u8))
        {
            return false;
        }

        if (!SampleEntryReader.TryFind(boxes, "sinf"u8, out var protection)
            || !SampleEntryReader.TryFind(protection, "frma"u8, out var format) || format.Length < 4)
        {
            return false;
        }

        original = format[..4];
        var scheme = SampleEntryReader.TryFind(protection, "schm"u8, out var schm) && schm.Length >= 8 ? Encoding.ASCII.GetString(schm.Span[4..8]) : "";
        encryption = SampleEntryReader.TryFind(protection, "schi"u8, out var information)
            && SampleEntryReader.TryFind(information, "tenc"u8, out var tenc) && tenc.Length >= 8 + KeyIdSize
            ? ReadTrackEncryption(scheme, tenc)
            : new TrackEncryption(scheme, default, 0, default);
        return true;
    }

    /// <summary>An entry of its original type, without the protection boxes.</summary>
    public static byte[] Clear(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> boxes, ReadOnlySpan<byte> original)
    {
        var (clear, length) = (entry.ToArray(), entry.Length - boxes.Length);
        var reader = new BoxReader(boxes);
        while (reader.MoveNext())
        {
            if (!reader.Is("sinf"u8))
            {
                var box = boxes[reader.Start..(reader.PayloadStart + reader.Payload.Length)];
                box.CopyTo(clear.AsSpan(length));
                length += box.Length;
            }
        }

        BinaryPrimitives.WriteInt32BigEndian(clear, length);
        original.CopyTo(clear.AsSpan(4));
        return clear[..length];
    }

    // version flags(24) | reserved | pattern | isProtected | ivSize | KID(128) | size and constant IV where ivSize is 0
    static TrackEncryption ReadTrackEncryption(string scheme, ReadOnlyMemory<byte> tenc)
    {
        var rest = tenc[(8 + KeyIdSize)..];
        var constant = tenc.Span[7] == 0 && rest.Length > 1 && rest.Span[0] < rest.Length ? rest.Slice(1, rest.Span[0]) : default;
        return new TrackEncryption(scheme, tenc.Slice(8, KeyIdSize), tenc.Span[7], constant);
    }
}
