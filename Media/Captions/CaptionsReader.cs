using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Tributary.Media.Captions;

/// <summary>
/// Reads captions of every format that there is a reader for: WebVTT, SubRip, TTML (also as DFXP), Cheetah CAP. What a file is, its first characters say,
/// not its name; text is UTF-8, or UTF-16 with a byte order mark.
/// </summary>
public static class CaptionsReader
{
    /// <summary>The most cues that are read of a file: a day with one every second.</summary>
    public const int MaxCues = 100_000;

    /// <summary>Whether bytes begin as captions do. SubRip has no mark of its own: a number, then a line with an arrow.</summary>
    /// <param name="beginning">The first bytes of a file; 256 are enough.</param>
    public static bool IsCaptions(ReadOnlySpan<byte> beginning)
    {
        if (CheetahReader.IsCheetah(beginning))
        {
            return true;
        }

        var text = Decode(beginning).TrimStart();
        return text.StartsWith("WEBVTT", StringComparison.Ordinal) || TtmlReader.IsTtml(text)
            || (text.Length > 0 && char.IsAsciiDigit(text[0]) && text.Contains("-->", StringComparison.Ordinal));
    }

    /// <summary>Reads a whole file. What its bytes say cannot make this throw.</summary>
    /// <param name="reason">One sentence where it is false.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out CaptionsFile? file, out string reason)
    {
        var cues = new List<CaptionCue>();
        var header = "";
        reason = "";
        if (CheetahReader.IsCheetah(bytes))
        {
            CheetahReader.Read(bytes, cues);
        }
        else
        {
            var text = Decode(bytes);
            reason = TtmlReader.IsTtml(text.TrimStart()) ? TtmlReader.Read(text, cues) : CueTextReader.Read(text, cues, out header);
        }

        file = reason.Length == 0 ? Order(cues, header) : null;
        return file is not null;
    }

    static CaptionsFile Order(List<CaptionCue> cues, string header)
    {
        var ordered = cues.OrderBy(static c => c.Start).ToArray();   // stable: cues of one time stay as the file has them
        return new CaptionsFile(ordered, header, ordered.Length == 0 ? 0 : ordered.Max(static c => c.End));
    }

    static string Decode(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith<byte>([0xFF, 0xFE]) ? Encoding.Unicode.GetString(bytes[2..])
        : bytes.StartsWith<byte>([0xFE, 0xFF]) ? Encoding.BigEndianUnicode.GetString(bytes[2..])
        : Encoding.UTF8.GetString(bytes.StartsWith<byte>([0xEF, 0xBB, 0xBF]) ? bytes[3..] : bytes);
}
