using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tributary.Grains.Access.Tokens;

/// <summary>
/// A token of our own, short enough for any URL: <c>PAYLOAD.MAC</c>, both base64url without padding. The payload is
/// <c>act=play&amp;path=studio&amp;exp=1767225600</c> and may have <c>end</c>, <c>nbf</c> (Unix seconds), <c>ip</c> (address or network) and
/// <c>kid</c>; the MAC is HMAC-SHA256 (RFC 2104) of the payload as it stands in the token, before the point.
/// </summary>
/// <param name="Action">What it permits.</param>
/// <param name="Path">The stream's name, or a pattern with <c>*</c>.</param>
/// <param name="Expires">Until when it lets in.</param>
public sealed record SignedToken(AccessAction Action, string Path, DateTimeOffset Expires)
{
    /// <summary>Longer texts are no tokens.</summary>
    public const int MaxLength = 1_024;

    const int MacLength = 32, MostFields = 16;

    /// <summary>Until when who was let in may stay; null: it does not say.</summary>
    public DateTimeOffset? Ends { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Where it may be used; null: everywhere.</summary>
    public AddressRange? Bound { get; init; }

    /// <summary>Which key it is signed with; empty: any of them.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>The token's text, signed with <paramref name="key"/>.</summary>
    public string Sign(ReadOnlySpan<byte> key)
    {
        var payload = Base64Text.Encode(Encoding.UTF8.GetBytes(Payload()));
        return $"{payload}.{Base64Text.Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(payload)))}";
    }

    /// <summary>
    /// Judges a token that somebody shows. The signature is checked before anything in it is believed, with every key that it may be of, in a time that
    /// does not depend on where it is wrong.
    /// </summary>
    public static TokenVerdict Verify(string text, IReadOnlyDictionary<string, byte[]> keys, in TokenUse use, out TokenGrant grant)
    {
        grant = default;
        if (!TryParse(text, out var token, out var mac))
        {
            return TokenVerdict.Malformed;
        }

        var candidates = token.KeyId.Length == 0 ? keys.Values : keys.TryGetValue(token.KeyId, out var named) ? [named] : [];
        var signed = Encoding.ASCII.GetBytes(text[..text.IndexOf('.', StringComparison.Ordinal)]);
        var isOurs = false;
        var any = false;
        foreach (var key in candidates)
        {
            any = true;
            isOurs |= CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, signed), mac);
        }

        if (!isOurs)
        {
            return any ? TokenVerdict.Signature : TokenVerdict.UnknownKey;
        }

        grant = new TokenGrant(token.Expires, token.Ends, token.Bound);
        return token.Judge(use);
    }

    /// <summary>Reads the parts of a token without believing them.</summary>
    public static bool TryParse(string text, out SignedToken token, out byte[] mac)
    {
        (token, mac) = (new SignedToken(default, "", default), []);
        var point = text.IndexOf('.', StringComparison.Ordinal);
        return text.Length <= MaxLength && point > 0
            && Base64Text.TryDecode(text.AsSpan(0, point), out var payload) && Base64Text.TryDecode(text.AsSpan(point + 1), out mac)
            && mac.Length == MacLength && TryReadPayload(payload, ref token);
    }

    TokenVerdict Judge(in TokenUse use) =>
        Action != use.Action || !StreamPattern.Matches(Path, use.Stream) ? TokenVerdict.Permission
        : use.Now - use.Tolerance >= Expires ? TokenVerdict.Expired
        : use.Now + use.Tolerance < NotBefore ? TokenVerdict.NotYet
        : use.Now - use.Tolerance >= Ends ? TokenVerdict.Expired
        : Bound is { } bound && !bound.Contains(use.Address) ? TokenVerdict.Address
        : TokenVerdict.Valid;

    string Payload()
    {
        var text = new StringBuilder($"act={(Action == AccessAction.Play ? "play" : "publish")}&path={Path}");
        text.Append(CultureInfo.InvariantCulture, $"&exp={Expires.ToUnixTimeSeconds()}");
        _ = Ends is { } ends ? text.Append(CultureInfo.InvariantCulture, $"&end={ends.ToUnixTimeSeconds()}") : text;
        _ = NotBefore is { } begin ? text.Append(CultureInfo.InvariantCulture, $"&nbf={begin.ToUnixTimeSeconds()}") : text;
        _ = Bound is { } bound ? text.Append(CultureInfo.InvariantCulture, $"&ip={bound}") : text;
        _ = KeyId.Length > 0 ? text.Append(CultureInfo.InvariantCulture, $"&kid={KeyId}") : text;
        return text.ToString();
    }

    // A field that comes twice, or that is not known, makes the whole token void: whoever wrote it meant more than would be checked.
    static bool TryReadPayload(byte[] payload, ref SignedToken token)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pair in Encoding.Latin1.GetString(payload).Split('&', MostFields + 1))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || seen.Count == MostFields || !seen.Add(pair[..equals]) || !TryAdd(pair[..equals], pair[(equals + 1)..], ref token))
            {
                return false;
            }
        }

        return seen.Contains("act") && seen.Contains("path") && seen.Contains("exp");
    }

    static bool TryAdd(string name, string value, ref SignedToken token)
    {
        switch (name)
        {
            case "act" when value is "play" or "publish":
                token = token with { Action = value == "play" ? AccessAction.Play : AccessAction.Publish };
                return true;
            case "path" when StreamPattern.IsValid(value):
                token = token with { Path = value };
                return true;
            case "exp" when TryTime(value, out var expires):
                token = token with { Expires = expires };
                return true;
            case "end" when TryTime(value, out var ends):
                token = token with { Ends = ends };
                return true;
            case "nbf" when TryTime(value, out var begin):
                token = token with { NotBefore = begin };
                return true;
            case "ip" when AddressRange.TryParse(value, out var bound):
                token = token with { Bound = bound };
                return true;
            case "kid" when value.Length > 0 && value.All(static letter => letter is > ' ' and < (char)0x7F):
                token = token with { KeyId = value };
                return true;
            default:
                return false;
        }
    }

    static bool TryTime(string text, out DateTimeOffset time)
    {
        var isTime = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= UnixTime.Latest;
        time = isTime ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
        return isTime;
    }
}

/// <summary>Times of tokens: Unix seconds that a <see cref="DateTimeOffset"/> can hold, with room for tolerances.</summary>
static class UnixTime
{
    /// <summary>The end of the year 9000.</summary>
    public const long Latest = 221_876_928_000;
}
