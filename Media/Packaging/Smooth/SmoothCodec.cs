using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Smooth;

/// <summary>How a manifest names a codec, and what a decoder needs, in hexadecimal digits ([MS-SSTR] §2.2.2.5).</summary>
sealed record SmoothCodec(string FourCC, string PrivateData)
{
    const int HeAac = 5;

    /// <summary>Null where the protocol does not carry the track.</summary>
    public static SmoothCodec? Of(TrackInfo track) => track.Codec switch
    {
        Codec.H264 when TryParameterSets(track.DecoderConfig.Span, out var sets) => new SmoothCodec("H264", sets),
        Codec.Aac when track.DecoderConfig.Length >= 2 =>
            new SmoothCodec(track.DecoderConfig.Span[0] >> 3 == HeAac ? "AACH" : "AACL", Convert.ToHexString(track.DecoderConfig.Span)),
        _ => null,
    };

    // ISO/IEC 14496-15 §5.3.3.1: version, profile, compatibility, level, 6 bits + length size - 1, 3 bits + SPS count, (length, SPS)*, PPS count, (length, PPS)*.
    static bool TryParameterSets(ReadOnlySpan<byte> avcC, out string sets)
    {
        sets = "";
        if (avcC.Length < 7 || (avcC[4] & 3) != 3)
        {
            return false;   // fragments have four bytes of length
        }

        var text = new StringBuilder();
        var rest = avcC[5..];
        if (!TryTakeSets(ref rest, 0x1F, text) || !TryTakeSets(ref rest, 0xFF, text))
        {
            return false;
        }

        sets = text.ToString();
        return true;
    }

    static bool TryTakeSets(ref ReadOnlySpan<byte> rest, int countMask, StringBuilder text)
    {
        if (rest.IsEmpty)
        {
            return false;
        }

        var count = rest[0] & countMask;
        rest = rest[1..];
        for (; count > 0; count--)
        {
            if (rest.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(rest) is var length && rest.Length - 2 < length)
            {
                return false;
            }

            text.Append("00000001").Append(Convert.ToHexString(rest.Slice(2, length)));
            rest = rest[(2 + length)..];
        }

        return true;
    }
}
