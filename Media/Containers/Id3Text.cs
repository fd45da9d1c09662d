using System.Text;

namespace Tributary.Media.Containers;

/// <summary>An ID3v2.4 tag of one frame TEXT in UTF-8 (id3.org, §3.1, §4.2): what players hand to a page as timed metadata.</summary>
static class Id3Text
{
    internal static byte[] Tag(string text)
    {
        var value = Encoding.UTF8.GetBytes(text);
        var tag = new byte[10 + 10 + 1 + value.Length];
        "ID3"u8.CopyTo(tag);
        tag[3] = 4;
        WriteSize(tag.AsSpan(6), tag.Length - 10);
        "TEXT"u8.CopyTo(tag.AsSpan(10));
        WriteSize(tag.AsSpan(14), 1 + value.Length);
        tag[20] = 3;   // UTF-8
        value.CopyTo(tag.AsSpan(21));
        return tag;
    }

    // Four bytes of seven bits (§6.2).
    static void WriteSize(Span<byte> field, int size)
    {
        for (var i = 0; i < 4; i++)
        {
            field[i] = (byte)(size >> (7 * (3 - i)) & 0x7F);
        }
    }
}
