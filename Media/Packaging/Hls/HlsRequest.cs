using System.Buffers;
using System.Globalization;

namespace Tributary.Media.Packaging.Hls;

/// <summary>In which container a rendition comes.</summary>
public enum HlsForm
{
    /// <summary>Fragmented MP4 with one track per playlist (ISO/IEC 23000-19).</summary>
    Cmaf,

    /// <summary>MPEG transport stream with video and audio in one playlist.</summary>
    Ts,
}

public enum HlsKind
{
    Master,
    Playlist,
    Init,
    Segment,
    Part,
}

/// <summary>
/// What a URL below <c>/live/NAME/</c> asks for:
/// <code>
/// master.m3u8  index.m3u8  index-v1.m3u8  index-a1.m3u8  init-v1-HASH.mp4  seg-MSN-v1.m4s  part-MSN-PART-v1.m4s
/// ts/master.m3u8  ts/index.m3u8  ts/index-v1-a1.m3u8  ts/index-a1.m3u8  ts/seg-MSN-v1-a1.ts
/// </code>
/// There is one spelling for each thing: what is not exactly that is refused, so a cache never holds one thing under two names.
/// </summary>
/// <param name="Video">Number of the video track among the video tracks, from 1; 0 for none.</param>
/// <param name="Audio">Number of the audio track among the audio tracks, from 1; 0 for none.</param>
/// <param name="Msn">Media sequence number of a segment.</param>
/// <param name="Init">Number of an initialization section.</param>
/// <param name="Part">Number of a part within its segment, from 0.</param>
public readonly record struct HlsRequest(HlsKind Kind, HlsForm Form, int Video, int Audio, long Msn, ulong Init, int Part = 0)
{
    // Longer than any name above; nothing beyond it is looked at.
    const int LongestPath = 64;
    const int InitDigits = 16;
    const int MostParts = 100_000;
    static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static bool TryParse(ReadOnlySpan<char> path, out HlsRequest request)
    {
        request = default;
        if (path.Length > LongestPath)
        {
            return false;
        }

        var form = HlsForm.Cmaf;
        if (path.StartsWith("ts/", StringComparison.Ordinal))
        {
            form = HlsForm.Ts;
            path = path[3..];
        }

        if (path is "master.m3u8" or "index.m3u8")
        {
            request = new HlsRequest(HlsKind.Master, form, 0, 0, 0, 0);
            return true;
        }

        return TryParsePlaylist(path, form, out request) || TryParseSegment(path, form, out request) || TryParseInit(path, form, out request)
            || TryParsePart(path, form, out request);
    }

    static bool TryParsePlaylist(ReadOnlySpan<char> path, HlsForm form, out HlsRequest request)
    {
        var parsed = TryStrip(ref path, "index", ".m3u8") & TryParseTracks(path, form, out var video, out var audio);
        request = new HlsRequest(HlsKind.Playlist, form, video, audio, 0, 0);
        return parsed;
    }

    static bool TryParseSegment(ReadOnlySpan<char> path, HlsForm form, out HlsRequest request)
    {
        request = default;
        if (!TryStrip(ref path, "seg-", form == HlsForm.Ts ? ".ts" : ".m4s"))
        {
            return false;
        }

        var dash = path.IndexOf('-');
        if (dash < 0 || !TryParseNumber(path[..dash], out var msn) || !TryParseTracks(path[dash..], form, out var video, out var audio))
        {
            return false;
        }

        request = new HlsRequest(HlsKind.Segment, form, video, audio, msn, 0);
        return true;
    }

    static bool TryParsePart(ReadOnlySpan<char> path, HlsForm form, out HlsRequest request)
    {
        request = default;
        if (form != HlsForm.Cmaf || !TryStrip(ref path, "part-", ".m4s") || !TryTakeNumber(ref path, out var msn)
            || !path.StartsWith("-", StringComparison.Ordinal))
        {
            return false;
        }

        path = path[1..];
        if (!TryTakeNumber(ref path, out var part) || part > MostParts || !TryParseTracks(path, form, out var video, out var audio))
        {
            return false;
        }

        request = new HlsRequest(HlsKind.Part, form, video, audio, msn, 0, (int)part);
        return true;
    }

    static bool TryTakeNumber(ref ReadOnlySpan<char> path, out long number)
    {
        var end = path.IndexOf('-');
        var digits = end < 0 ? path : path[..end];
        path = path[digits.Length..];
        return TryParseNumber(digits, out number);
    }

    static bool TryParseInit(ReadOnlySpan<char> path, HlsForm form, out HlsRequest request)
    {
        request = default;
        if (form != HlsForm.Cmaf || !TryStrip(ref path, "init", ".mp4") || path.Length < InitDigits + 1)
        {
            return false;
        }

        var digits = path[^InitDigits..];
        if (path[^(InitDigits + 1)] != '-' || digits.ContainsAnyExcept(HexDigits)
            || !TryParseTracks(path[..^(InitDigits + 1)], form, out var video, out var audio))
        {
            return false;
        }

        var number = ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        request = new HlsRequest(HlsKind.Init, form, video, audio, 0, number);
        return true;
    }

    // -v1, -a1 or, in a transport stream, -v1-a1.
    static bool TryParseTracks(ReadOnlySpan<char> text, HlsForm form, out int video, out int audio)
    {
        (video, audio) = (0, 0);
        if (text.StartsWith("-v", StringComparison.Ordinal) && !TryParseTrack(ref text, out video))
        {
            return false;
        }

        if (text.StartsWith("-a", StringComparison.Ordinal) && !TryParseTrack(ref text, out audio))
        {
            return false;
        }

        return text.IsEmpty && (form == HlsForm.Ts ? video + audio > 0 : video == 0 != (audio == 0));
    }

    static bool TryParseTrack(ref ReadOnlySpan<char> text, out int number)
    {
        text = text[2..];
        var end = text.IndexOf('-');
        var digits = end < 0 ? text : text[..end];
        text = text[digits.Length..];
        number = 0;
        if (digits.Length > 2 || !TryParseNumber(digits, out var parsed) || parsed == 0)
        {
            return false;
        }

        number = (int)parsed;
        return true;
    }

    static bool TryParseNumber(ReadOnlySpan<char> digits, out long number)
    {
        number = 0;
        return digits.Length is > 0 and <= 18 && !digits.ContainsAnyExceptInRange('0', '9') && (digits[0] != '0' || digits.Length == 1)
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    static bool TryStrip(ref ReadOnlySpan<char> text, string start, string end)
    {
        if (text.Length < start.Length + end.Length || !text.StartsWith(start, StringComparison.Ordinal)
            || !text.EndsWith(end, StringComparison.Ordinal))
        {
            return false;
        }

        text = text[start.Length..^end.Length];
        return true;
    }
}
