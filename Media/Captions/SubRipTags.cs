using System.Text;

namespace Tributary.Media.Captions;

/// <summary>What SubRip files have in their text and WebVTT does not know: font elements, and overrides in braces such as <c>{\an8}</c>.</summary>
static class SubRipTags
{
    public static string Remove(string text)
    {
        if (!text.Contains("{\\", StringComparison.Ordinal) && !text.Contains("font", StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            var rest = text.AsSpan(at);
            var close = rest.StartsWith("{\\") ? rest.IndexOf('}')
                : rest.StartsWith("<font", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("</font", StringComparison.OrdinalIgnoreCase) ? rest.IndexOf('>')
                : -1;
            if (close >= 0)
            {
                at += close;
            }
            else
            {
                kept.Append(text[at]);
            }
        }

        return string.Join('\n', kept.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));   // an empty line would end the cue
    }
}
