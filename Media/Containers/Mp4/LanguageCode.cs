namespace Tributary.Media.Containers.Mp4;

/// <summary>ISO 639-2/T codes as mdhd packs them: three letters of five bits (ISO/IEC 14496-12 §8.4.2.3).</summary>
static class LanguageCode
{
    const string Undetermined = "und";

    /// <summary>The two-letter codes that broadcasters use, each with its three-letter code. elng carries any other tag whole.</summary>
    const string Known =
        "ar:ara bg:bul bn:ben bs:bos ca:cat cs:ces cy:cym da:dan de:deu el:ell en:eng es:spa et:est eu:eus fa:fas fi:fin fr:fra ga:gle gl:glg gu:guj "
        + "he:heb hi:hin hr:hrv hu:hun hy:hye id:ind is:isl it:ita ja:jpn ka:kat kk:kaz km:khm kn:kan ko:kor ku:kur lb:ltz lo:lao lt:lit lv:lav mk:mkd "
        + "ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya nb:nob ne:nep nl:nld nn:nno no:nor pa:pan pl:pol ps:pus pt:por ro:ron ru:rus si:sin sk:slk sl:slv "
        + "sq:sqi sr:srp sv:swe sw:swa ta:tam te:tel th:tha tr:tur uk:ukr ur:urd uz:uzb vi:vie zh:zho";

    /// <summary>The packed code of an RFC 5646 tag's first subtag; "und" where it is empty or unknown.</summary>
    public static int Pack(ReadOnlySpan<char> tag)
    {
        var end = tag.IndexOf('-');
        var code = ThreeLetters(end < 0 ? tag : tag[..end]);
        var packed = 0;
        foreach (var letter in code)
        {
            packed = (packed << 5) | ((letter | 0x20) - 0x60);
        }

        return packed;
    }

    /// <summary>The three letters themselves, as the ISO_639_language_descriptor of a transport stream has them.</summary>
    public static void Write(Span<byte> output, ReadOnlySpan<char> tag)
    {
        var packed = Pack(tag);
        for (var i = 2; i >= 0; i--, packed >>= 5)
        {
            output[i] = (byte)(0x60 + (packed & 0x1F));
        }
    }

    static ReadOnlySpan<char> ThreeLetters(ReadOnlySpan<char> primary)
    {
        foreach (var letter in primary)
        {
            if (!char.IsAsciiLetter(letter))
            {
                return Undetermined;
            }
        }

        if (primary.Length != 2)
        {
            return primary.Length == 3 ? primary : Undetermined;
        }

        var known = Known.AsSpan();
        for (var at = 0; at < known.Length; at += 7)
        {
            if (known.Slice(at, 2).Equals(primary, StringComparison.OrdinalIgnoreCase))
            {
                return known.Slice(at + 3, 3);
            }
        }

        return Undetermined;
    }
}
