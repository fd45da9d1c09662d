using System.Globalization;

namespace Tributary.Media.Packaging.Hls;

/// <summary>What a player asks of a reload beyond the playlist itself: the delivery directives of RFC 8216bis §6.2.5.</summary>
/// <param name="Msn">Not before this number is listed; -1 where the player does not wait.</param>
/// <param name="Part">Not before this part of it is listed; -1 for the whole number.</param>
/// <param name="IsDelta">What the player knows may be left out.</param>
public readonly record struct ReloadDirectives(long Msn, int Part, bool IsDelta)
{
    const string Prefix = "_HLS_";

    public static ReloadDirectives None { get; } = new(-1, -1, false);

    /// <summary>
    /// Reads a query string, its question mark included. Whatever is not a delivery directive is passed over; false where a directive comes twice,
    /// is no number, or where a part is asked for without its segment.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> query, out ReloadDirectives directives)
    {
        directives = None;
        query = query.TrimStart('?');
        foreach (var range in query.Split('&'))
        {
            var parameter = query[range];
            if (parameter.StartsWith(Prefix, StringComparison.Ordinal) && !TryAdd(parameter[Prefix.Length..], ref directives))
            {
                return false;
            }
        }

        return directives.Part < 0 || directives.Msn >= 0;
    }

    static bool TryAdd(ReadOnlySpan<char> parameter, ref ReloadDirectives directives)
    {
        var equals = parameter.IndexOf('=');
        var name = equals < 0 ? parameter : parameter[..equals];
        var value = equals < 0 ? default : parameter[(equals + 1)..];
        switch (name)
        {
            case "msn" when directives.Msn < 0 && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var msn):
                directives = directives with { Msn = msn };
                return true;
            case "part" when directives.Part < 0 && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var part):
                directives = directives with { Part = part };
                return true;
            case "skip" when !directives.IsDelta && (value is "YES" or "v2"):
                directives = directives with { IsDelta = true };
                return true;
            default:
                return name is not ("msn" or "part" or "skip");   // an unknown one is for a later version of the protocol (§6.2.5)
        }
    }
}
