using System.Buffers;

namespace Tributary.Gateway.Live;

/// <summary>Names of streams, by allow-list: a letter or digit, then up to 127 letters, digits, points, underscores or dashes.</summary>
static class StreamName
{
    const int MaxLength = 128;
    static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength } && char.IsAsciiLetterOrDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(Letters);
}
