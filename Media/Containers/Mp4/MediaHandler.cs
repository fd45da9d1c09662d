using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>What hdlr says (ISO/IEC 14496-12 §8.4.3).</summary>
/// <param name="Kind">Null for anything that is neither picture nor sound.</param>
readonly record struct MediaHandler(TrackKind? Kind, string Name)
{
    const int NameAt = 24;

    public static bool TryRead(ReadOnlySpan<byte> box, out MediaHandler handler)
    {
        handler = default;
        if (box.Length < 12)
        {
            return false;
        }

        TrackKind? kind = box[8..12].SequenceEqual("vide"u8) ? TrackKind.Video : box[8..12].SequenceEqual("soun"u8) ? TrackKind.Audio : null;
        handler = new MediaHandler(kind, box.Length > NameAt ? ReadName(box[NameAt..]) : "");
        return true;
    }

    /// <summary>A name that ends with a zero, or with the box; QuickTime counts its letters in the first byte instead.</summary>
    public static string ReadName(ReadOnlySpan<byte> text)
    {
        text = text.Length > 1 && text[0] == text.Length - 1 ? text[1..] : text;
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
