using System.Xml;

namespace Tributary.Media.Captions;

/// <summary>What WebVTT can say of a style: italics, bold, underlining, and a colour of the eight that have a class of their own.</summary>
readonly record struct TtmlStyle(bool Italic, bool Bold, bool Underline, string Colour)
{
    static readonly HashSet<string> Colours = ["white", "lime", "cyan", "red", "yellow", "magenta", "blue", "black"];

    public static TtmlStyle None => new(false, false, false, "");

    public string Opening => (string.IsNullOrEmpty(Colour) ? "" : $"<c.{Colour}>") + (Bold ? "<b>" : "") + (Italic ? "<i>" : "") + (Underline ? "<u>" : "");

    public string Closing => (Underline ? "</u>" : "") + (Italic ? "</i>" : "") + (Bold ? "</b>" : "") + (string.IsNullOrEmpty(Colour) ? "" : "</c>");

    /// <summary>The style of an element: those that it refers to, then its own attributes.</summary>
    public static TtmlStyle Of(XmlReader element, Dictionary<string, TtmlStyle> styles)
    {
        var style = None;
        foreach (var name in (TtmlReader.Attribute(element, "style") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            style = styles.TryGetValue(name, out var referred) ? style.With(referred) : style;
        }

        return style.With(new TtmlStyle(
            TtmlReader.Attribute(element, "fontStyle") is "italic" or "oblique",
            TtmlReader.Attribute(element, "fontWeight") == "bold",
            TtmlReader.Attribute(element, "textDecoration")?.Contains("underline", StringComparison.Ordinal) == true,
            TtmlReader.Attribute(element, "color") is { } colour && Colours.Contains(colour) ? colour : ""));
    }

    TtmlStyle With(TtmlStyle other) =>
        new(Italic || other.Italic, Bold || other.Bold, Underline || other.Underline, other.Colour.Length > 0 ? other.Colour : Colour);
}
