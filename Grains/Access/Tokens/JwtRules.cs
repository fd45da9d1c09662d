using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tributary.Grains.Access.Tokens;

/// <summary>
/// What a token of an issuer has to say (RFC 7519 §4.1): from whom, for whom, until when, and what it permits, in the claim that MediaMTX has:
/// <c>"mediamtx_permissions": [{"action": "publish" | "read", "path": "NAME"}]</c>, as an array or as its JSON in a string. A path is a stream's name,
/// with or without <c>live/</c> before it, <c>~</c> and a regular expression, or empty for every stream.
/// </summary>
/// <param name="Issuer"><c>iss</c> that is asked for; empty: any.</param>
/// <param name="Audience"><c>aud</c> that is asked for; empty: any.</param>
/// <param name="PermissionsClaim">The claim with the permissions.</param>
public sealed record JwtRules(string Issuer = "", string Audience = "", string PermissionsClaim = "mediamtx_permissions")
{
    /// <summary>Claims of our own: until when who was let in may stay (Unix seconds), and the address or network to which the token is bound.</summary>
    const string EndClaim = "tributary_end", AddressClaim = "tributary_ip";

    const int LongestPattern = 256, MostPermissions = 64;
    static readonly string[] Algorithms = ["HS256", "RS256", "ES256"];

    /// <summary>Judges a token that somebody shows; nothing in it is believed before its signature.</summary>
    public TokenVerdict Verify(string text, JsonWebKeys keys, in TokenUse use, out TokenGrant grant)
    {
        grant = default;

        // 1. Whose it is.
        if (!Jwt.TryParse(text, out var jwt))
        {
            return TokenVerdict.Malformed;
        }

        if (!Algorithms.Contains(jwt.Algorithm))
        {
            return TokenVerdict.Algorithm;
        }

        var candidates = keys.For(jwt).ToList();
        if (!candidates.Exists(key => key.Verifies(jwt.Signed, jwt.Signature)))
        {
            return candidates.Count == 0 ? TokenVerdict.UnknownKey : TokenVerdict.Signature;
        }

        // 2. What it says.
        var claims = jwt.Claims;
        if (!TryTime(claims, "exp", out var expires) || !TryTime(claims, "nbf", out var begin) || !TryTime(claims, EndClaim, out var ends)
            || !TryAddress(claims, out var bound))
        {
            return TokenVerdict.Malformed;
        }

        grant = new TokenGrant(expires ?? default, ends, bound);
        return expires is null ? TokenVerdict.NoExpiry
            : use.Now - use.Tolerance >= expires || use.Now - use.Tolerance >= ends ? TokenVerdict.Expired
            : use.Now + use.Tolerance < begin ? TokenVerdict.NotYet
            : !IsFor(claims) ? TokenVerdict.Issuer
            : !Permits(claims, use.Action, use.Stream) ? TokenVerdict.Permission
            : bound is { } range && !range.Contains(use.Address) ? TokenVerdict.Address
            : TokenVerdict.Valid;
    }

    bool IsFor(JsonElement claims) =>
        (Issuer.Length == 0 || claims.TryGetProperty("iss", out var issuer) && Is(issuer, Issuer))
        && (Audience.Length == 0 || claims.TryGetProperty("aud", out var audience)
            && (audience.ValueKind == JsonValueKind.Array ? audience.EnumerateArray().Any(one => Is(one, Audience)) : Is(audience, Audience)));

    bool Permits(JsonElement claims, AccessAction action, string stream)
    {
        if (!claims.TryGetProperty(PermissionsClaim, out var permissions))
        {
            return false;
        }

        if (permissions.ValueKind != JsonValueKind.String)
        {
            return IsAmong(permissions, action, stream);
        }

        try
        {
            using var inner = JsonDocument.Parse(JsonText.TryGet(permissions, out var text) ? text : "", new JsonDocumentOptions { MaxDepth = 4 });
            return IsAmong(inner.RootElement, action, stream);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static bool IsAmong(JsonElement permissions, AccessAction action, string stream) =>
        permissions.ValueKind == JsonValueKind.Array && permissions.EnumerateArray().Take(MostPermissions).Any(permission =>
            permission.ValueKind == JsonValueKind.Object && permission.TryGetProperty("action", out var allowed)
            && Is(allowed, action == AccessAction.Publish ? "publish" : "read")
            && (!permission.TryGetProperty("path", out var path)
                || path.ValueKind == JsonValueKind.String && JsonText.TryGet(path, out var text) && Reaches(text, stream)));

    static bool Reaches(string path, string stream)
    {
        if (path.Length == 0 || path == stream || path == $"live/{stream}")
        {
            return true;
        }

        return path[0] == '~' && path.Length <= LongestPattern && TryPattern(path[1..], out var pattern)
            && (pattern.IsMatch(stream) || pattern.IsMatch($"live/{stream}"));
    }

    // Without backtracking no pattern takes longer than its text is long.
    static bool TryPattern(string text, out Regex pattern)
    {
        pattern = null!;
        try
        {
            pattern = new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    static bool Is(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    // A NumericDate may have a fraction (RFC 7519 §2). True with null where the claim is missing.
    static bool TryTime(JsonElement claims, string name, out DateTimeOffset? time)
    {
        time = null;
        if (!claims.TryGetProperty(name, out var value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var seconds) || !(seconds >= 0 && seconds <= UnixTime.Latest))
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1_000));
        return true;
    }

    static bool TryAddress(JsonElement claims, out AddressRange? bound)
    {
        bound = null;
        if (!claims.TryGetProperty(AddressClaim, out var value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.String || !JsonText.TryGet(value, out var text) || !AddressRange.TryParse(text, out var range))
        {
            return false;
        }

        bound = range;
        return true;
    }
}
