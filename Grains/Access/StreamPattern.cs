using System.Buffers;
using System.IO.Enumeration;

namespace Tributary.Grains.Access;

/// <summary>A stream's name, or a pattern of names in which <c>*</c> stands for any letters.</summary>
static class StreamPattern
{
    const int MaxLength = 128;
    static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-*");

    public static bool IsValid(string pattern) => pattern.Length is > 0 and <= MaxLength && !pattern.AsSpan().ContainsAnyExcept(Letters);

    public static bool Matches(string pattern, string stream) => FileSystemName.MatchesSimpleExpression(pattern, stream, ignoreCase: false);
}
