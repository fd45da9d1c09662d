namespace Tributary.Media.Packaging.Hls;

/// <summary>How a parameter is put behind an address.</summary>
public enum PlaylistJoint : byte
{
    /// <summary>It is the first: <c>?</c>.</summary>
    First,

    /// <summary>Others stand there: <c>&amp;</c>.</summary>
    Next,

    /// <summary>Others stand there, in XML.</summary>
    NextInXml,
}

/// <summary>Where an address ends in a playlist or manifest.</summary>
/// <param name="End">Offset in bytes.</param>
/// <param name="Joint">How a parameter is put there.</param>
public readonly record struct PlaylistAddress(int End, PlaylistJoint Joint);

/// <summary>
/// Finds the addresses in the playlists and manifests that are written here: in HLS the lines that are no tags and the URI attributes (RFC 8216 §4.1), in
/// DASH the templates of initialization and media, in Smooth Streaming those of fragments ([MS-SSTR] §2.2.2.3). Whole URLs lead to other servers and are left alone.
/// </summary>
static class PlaylistAddresses
{
    public static PlaylistAddress[] Find(ReadOnlySpan<byte> text)
    {
        var found = new List<PlaylistAddress>();
        if (text.StartsWith("<"u8))
        {
            FindQuoted(text, 0, " initialization=\""u8, isXml: true, found);
            FindQuoted(text, 0, " media=\""u8, isXml: true, found);
            FindQuoted(text, 0, " Url=\""u8, isXml: true, found);
            found.Sort(static (one, other) => one.End.CompareTo(other.End));
            return [.. found];
        }

        for (var at = 0; at < text.Length;)
        {
            var length = text[at..].IndexOf((byte)'\n') is var end && end < 0 ? text.Length - at : end;
            var line = text.Slice(at, length);
            if (line.StartsWith("#"u8))
            {
                FindQuoted(line, at, "URI=\""u8, isXml: false, found);
            }
            else if (line.Length > 0)
            {
                Add(line, at + length, isXml: false, found);
            }

            at += length + 1;
        }

        return [.. found];
    }

    /// <summary>Length of a DASH manifest up to behind its first element's opening tag and line; 0 where the text is none.</summary>
    public static int HeadOfManifest(ReadOnlySpan<byte> text)
    {
        var open = text.StartsWith("<"u8) ? text.IndexOf("<MPD"u8) : -1;
        var close = open < 0 ? -1 : text[open..].IndexOf(">\n"u8);
        return close < 0 ? 0 : open + close + 2;
    }

    static void FindQuoted(ReadOnlySpan<byte> text, int offset, ReadOnlySpan<byte> name, bool isXml, List<PlaylistAddress> found)
    {
        for (var at = 0; text[at..].IndexOf(name) is >= 0 and var start;)
        {
            at += start + name.Length;
            var length = text[at..].IndexOf((byte)'"');
            if (length < 0)
            {
                return;
            }

            Add(text.Slice(at, length), offset + at + length, isXml, found);
            at += length;
        }
    }

    static void Add(ReadOnlySpan<byte> address, int end, bool isXml, List<PlaylistAddress> found)
    {
        if (address.Length > 0 && address.IndexOf("://"u8) < 0)
        {
            var joint = !address.Contains((byte)'?') ? PlaylistJoint.First : isXml ? PlaylistJoint.NextInXml : PlaylistJoint.Next;
            found.Add(new PlaylistAddress(end, joint));
        }
    }
}
