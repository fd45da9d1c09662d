using System.IO.Enumeration;

namespace Tributary.Grains.Recordings;

/// <summary>Settings by name of the stream, where <c>*</c> stands for any letters.</summary>
public static class StreamPattern
{
    /// <summary>The value of the longest pattern that fits; letters count more than stars.</summary>
    public static T Find<T>(Dictionary<string, T> patterns, string stream, T otherwise)
    {
        var (best, value) = (-1, otherwise);
        foreach (var (pattern, setting) in patterns)
        {
            var stars = pattern.AsSpan().Count('*');
            var length = 2 * (pattern.Length - stars) + (stars == 0 ? 1 : 0);
            if (length > best && FileSystemName.MatchesSimpleExpression(pattern.Replace("?", "\\?", StringComparison.Ordinal), stream, ignoreCase: false))
            {
                (best, value) = (length, setting);
            }
        }

        return value;
    }
}
