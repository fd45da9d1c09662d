using System.Text;
using System.Xml;

namespace Tributary.Media.Captions;

/// <summary>
/// Reads TTML (W3C TTML1, also under DFXP's older namespaces): paragraphs with their times, which count from those of what they are in; italics, bold,
/// underlining and the colours that WebVTT knows by name. Regions and anything else of style is left out. Entities of one's own are not resolved.
/// </summary>
static class TtmlReader
{
    const int MaxDepth = 64;
    const long MaxCharacters = 64 << 20;

    static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MaxCharacters,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    public static bool IsTtml(ReadOnlySpan<char> text) =>
        text.StartsWith("<") && (text.StartsWith("<?xml", StringComparison.Ordinal) || text.StartsWith("<tt", StringComparison.Ordinal));

    /// <summary>Returns why the text is no TTML; empty where it is.</summary>
    public static string Read(string text, List<CaptionCue> cues)
    {
        try
        {
            using var xml = XmlReader.Create(new StringReader(text.TrimStart()), Settings);
            return Read(xml, cues);
        }
        catch (XmlException problem)   // the reader of the platform has no other way to say so
        {
            return $"The captions are no well-formed XML: {problem.Message}";
        }
    }

    static string Read(XmlReader xml, List<CaptionCue> cues)
    {
        var (styles, clock, open, root) = (new Dictionary<string, TtmlStyle>(), TtmlClock.Default, new Stack<Level>(), "");
        var paragraph = default(StringBuilder);
        while (xml.Read() && cues.Count < CaptionsReader.MaxCues)
        {
            switch (xml.NodeType)
            {
                case XmlNodeType.Element:
                    root = root.Length == 0 ? xml.LocalName : root;
                    clock = xml is { Depth: 0 } ? TtmlClock.Of(xml) : clock;
                    if (xml.Depth > MaxDepth)
                    {
                        return "The captions are nested too deep.";
                    }

                    if (xml.LocalName == "style" && Attribute(xml, "id") is { } id)
                    {
                        styles[id] = TtmlStyle.Of(xml, styles);
                    }

                    paragraph = xml.LocalName == "p" ? new StringBuilder() : paragraph;
                    if (xml.LocalName == "br")
                    {
                        paragraph?.Append('\n');
                    }

                    if (!xml.IsEmptyElement)
                    {
                        open.Push(Enter(xml, open, clock, styles));
                        paragraph?.Append(open.Peek().Style.Opening);
                    }

                    break;
                case XmlNodeType.EndElement when open.TryPop(out var level):
                    paragraph?.Append(level.Style.Closing);
                    if (xml.LocalName == "p" && paragraph is not null)
                    {
                        Add(cues, level, paragraph.ToString());
                        paragraph = null;
                    }

                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace:
                    AppendText(paragraph, xml.Value);
                    break;
            }
        }

        return root == "tt" ? "" : "The captions are XML, but no TTML.";
    }

    static Level Enter(XmlReader xml, Stack<Level> open, TtmlClock clock, Dictionary<string, TtmlStyle> styles)
    {
        var outer = open.TryPeek(out var parent) ? parent : new Level(0, long.MaxValue, TtmlStyle.None);
        var begin = outer.Begin + (clock.TryParse(xml.GetAttribute("begin"), out var offset) ? offset : 0);
        var end = clock.TryParse(xml.GetAttribute("end"), out var until) ? outer.Begin + until
            : clock.TryParse(xml.GetAttribute("dur"), out var duration) ? begin + duration
            : outer.End;
        var inText = xml.LocalName is "p" or "span";
        return new Level(begin, Math.Min(end, outer.End), inText ? TtmlStyle.Of(xml, styles) : TtmlStyle.None);
    }

    static void Add(List<CaptionCue> cues, Level level, string text)
    {
        text = string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        if (level.End > level.Begin && level.End < long.MaxValue && text.Length > 0)
        {
            cues.Add(new CaptionCue(level.Begin, level.End, "", "", text));
        }
    }

    // White space of the source is one space; & and < of the text are escaped as WebVTT wants it.
    static void AppendText(StringBuilder? paragraph, string text)
    {
        foreach (var letter in paragraph is null ? "" : text)
        {
            if (!char.IsWhiteSpace(letter))
            {
                paragraph!.Append(letter switch { '&' => "&amp;", '<' => "&lt;", _ => letter.ToString() });
            }
            else if (paragraph!.Length > 0 && !char.IsWhiteSpace(paragraph[^1]))
            {
                paragraph.Append(' ');
            }
        }
    }

    /// <summary>An attribute by its local name: namespaces of TTML have changed over the years.</summary>
    internal static string? Attribute(XmlReader xml, string name)
    {
        for (var found = xml.MoveToFirstAttribute(); found; found = xml.MoveToNextAttribute())
        {
            if (xml.LocalName == name)
            {
                var value = xml.Value;
                xml.MoveToElement();
                return value;
            }
        }

        xml.MoveToElement();
        return null;
    }

    readonly record struct Level(long Begin, long End, TtmlStyle Style);
}
