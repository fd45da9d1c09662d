using System.IO.Enumeration;

namespace Tributary.Grains.Recordings;

/// <summary>Settings by name of the stream, where <c>*</c> stands for any letters.</summary>
static class StreamPattern
{
    /// <summary>The value of the longest pattern that fits; letters count more than stars.</summary>
    public static T Find<T>(Dictionary<string, T> patterns, string stream, T otherwise)
    {
        var (best, value) = (-1, otherwise);
        foreach (var (pattern, setting) in patterns)
        {
            var length = pattern.Length - pattern.Count('*');
            if (length > best && FileSystemName.MatchesSimpleExpression(pattern.Replace("?", "\\?", StringComparison.Ordinal), stream, ignoreCase: false))
            {
                (best, value) = (length, setting);
            }
        }

        return value;
    }

    static int Count(this string text, char letter) => text.AsSpan().Count(letter);
}
