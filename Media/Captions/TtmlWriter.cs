using System.Text;

namespace Tributary.Media.Captions;

/// <summary>
/// Writes the cues of a window as a TTML document (W3C TTML1), which is also what players of SMPTE-TT read: times, lines, italics, bold and underlining.
/// Voices, classes and positions of WebVTT are left out.
/// </summary>
public static class TtmlWriter
{
    public static byte[] Write(CaptionsFile file, CaptionWindow window)
    {
        var (paragraphs, styled) = (new StringBuilder(), false);
        foreach (var cue in window.Of(file))
        {
            paragraphs.Append("      <p begin=\"").Append(CueTime.Format(cue.Start)).Append("\" end=\"").Append(CueTime.Format(cue.End)).Append("\">");
            styled |= WriteText(paragraphs, cue.Text);
            paragraphs.Append("\n\n</p>\n");
        }

        var styling = styled ? " xmlns:tts=\"http://www.w3.org/ns/ttml#styling\"" : "";
        return Encoding.UTF8.GetBytes(
            $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<tt xmlns=\"http://www.w3.org/ns/ttml\"{styling}>\n"
            + $"  <head/>\n  <body>\n    <div>\n{paragraphs}    </div>\n  </body>\n</tt>\n");
    }

    // Returns whether anything was styled. Tags are closed in the order in which XML wants it, whatever the cue does.
    static bool WriteText(StringBuilder output, string text)
    {
        var (open, styled) = (new Stack<char>(), false);
        for (var at = 0; at < text.Length; at++)
        {
            var end = TagEnd(text, at);
            if (end < 0)
            {
                WriteLetter(output, text, at);
                continue;
            }

            var tag = text.AsSpan((at + 1)..end);
            at = end;
            if (Style(tag) is { } style)
            {
                open.Push(tag[0]);
                output.Append("<span ").Append(style).Append('>');
                styled = true;
            }
            else if (tag.Length == 2 && tag[0] == '/' && open.Contains(tag[1]))
            {
                while (open.Pop() != tag[1])
                {
                    output.Append("</span>");
                }

                output.Append("</span>");
            }
        }

        for (; open.Count > 0; open.Pop())
        {
            output.Append("</span>");
        }

        return styled;
    }

    // Where the tag that begins here ends; -1 for a letter, and for a < that begins none.
    static int TagEnd(string text, int at)
    {
        if (text[at] != '<' || at + 1 >= text.Length || !(char.IsAsciiLetterOrDigit(text[at + 1]) || text[at + 1] == '/'))
        {
            return -1;
        }

        var end = text.AsSpan(at + 1).IndexOfAny('>', '<', '\n');
        return end >= 0 && text[at + 1 + end] == '>' ? at + 1 + end : -1;
    }

    static string? Style(ReadOnlySpan<char> tag) => (tag.IndexOfAny(" .") is >= 0 and var end ? tag[..end] : tag) switch
    {
        "i" => "tts:fontStyle=\"italic\"",
        "b" => "tts:fontWeight=\"bold\"",
        "u" => "tts:textDecoration=\"underline\"",
        _ => null,
    };

    static void WriteLetter(StringBuilder output, string text, int at)
    {
        switch (text[at])
        {
            case '\n':
                output.Append("<br/>");
                break;
            case '<':
                output.Append("&lt;");
                break;
            case '>':
                output.Append("&gt;");
                break;
            case '&' when !IsEntity(text.AsSpan(at)):
                output.Append("&amp;");
                break;
            case >= ' ' or '\t':
                output.Append(char.IsSurrogate(text[at]) && !IsPaired(text, at) ? '\uFFFD' : text[at] is '\uFFFE' or '\uFFFF' ? '\uFFFD' : text[at]);
                break;
        }
    }

    // The entities of WebVTT that XML knows too.
    static bool IsEntity(ReadOnlySpan<char> text) => text.StartsWith("&amp;") || text.StartsWith("&lt;") || text.StartsWith("&gt;");

    static bool IsPaired(string text, int at) =>
        char.IsHighSurrogate(text[at]) ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) : at > 0 && char.IsHighSurrogate(text[at - 1]);
}
