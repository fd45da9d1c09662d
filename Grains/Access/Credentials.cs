using System.Buffers;
using System.Text;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access;

/// <summary>
/// What somebody shows: a token in the query (<c>token</c>, <c>jwt</c>) or as Authorization: Bearer (RFC 6750 §2), a user with a password in the query
/// (<c>user</c>, <c>pass</c>) or as Authorization: Basic (RFC 7617). A JSON Web Token may stand for the password, as MediaMTX takes it.
/// </summary>
public sealed record Credentials(string Token, string User, string Password)
{
    const string Bearer = "Bearer ", Basic = "Basic ";
    const int Longest = Jwt.MaxLength;

    public static Credentials None { get; } = new("", "", "");

    /// <summary>Nothing was shown.</summary>
    public bool IsEmpty => Token.Length == 0 && User.Length == 0 && Password.Length == 0;

    // Secrets stay out of whatever prints it.
    public override string ToString() => IsEmpty ? "no credentials" : "credentials";

    /// <summary>Reads a query string (with or without its question mark) and the value of an Authorization header. What is too long is not taken.</summary>
    public static Credentials Read(string query, string authorization)
    {
        var token = QueryText.Find(query, "token") ?? QueryText.Find(query, "jwt") ?? "";
        var (user, password) = (QueryText.Find(query, "user") ?? "", QueryText.Find(query, "pass") ?? "");
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            token = authorization[Bearer.Length..].Trim();
        }
        else if (authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) && TryBasic(authorization[Basic.Length..].Trim(), out var pair))
        {
            (user, password) = pair;
        }

        if (token.Length == 0 && Jwt.IsShaped(password))
        {
            token = password;
        }

        return token.Length > Longest || user.Length > Longest || password.Length > Longest ? None : new Credentials(token, user, password);
    }

    static bool TryBasic(string text, out (string User, string Password) pair)
    {
        pair = ("", "");
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length))
        {
            return false;
        }

        var decoded = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = decoded.IndexOf(':', StringComparison.Ordinal);
        pair = colon < 0 ? (decoded, "") : (decoded[..colon], decoded[(colon + 1)..]);
        return true;
    }
}

/// <summary>Parameters of query strings, and query strings that may be shown.</summary>
public static class QueryText
{
    static readonly SearchValues<char> Ends = SearchValues.Create("&#; \t\r\n\"'<>");
    static readonly string[] Secrets = ["token", "jwt", "ticket", "key", "pass", "t", "password", "secret", "sig", "signature", "access_token", "auth"];

    /// <summary>The first value of a parameter, decoded; null where it is missing.</summary>
    public static string? Find(string query, string name)
    {
        foreach (var range in query.AsSpan().TrimStart('?').Split('&'))
        {
            var pair = query.AsSpan().TrimStart('?')[range];
            if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
            {
                return Uri.UnescapeDataString(pair[(name.Length + 1)..].ToString());
            }
        }

        return null;
    }

    /// <summary>
    /// A URL, or any text with parameters in it, as it may be shown: values of parameters that hold secrets are replaced, and so is a user's password.
    /// </summary>
    public static string Redact(string text)
    {
        var shown = new StringBuilder(text.Length);
        var at = 0;
        while (at < text.Length)
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0)
            {
                break;
            }

            var begin = equals;
            while (begin > at && (char.IsAsciiLetterOrDigit(text[begin - 1]) || text[begin - 1] is '_' or '-'))
            {
                begin--;
            }

            shown.Append(text, at, equals + 1 - at);
            at = equals + 1;
            if (Array.Exists(Secrets, secret => text.AsSpan(begin, equals - begin).Equals(secret, StringComparison.OrdinalIgnoreCase)))
            {
                var end = text.AsSpan(at).IndexOfAny(Ends) is var length && length < 0 ? text.Length : at + length;
                shown.Append(end > at ? "***" : "");
                at = end;
            }
        }

        return WithoutPassword(shown.Append(text, at, text.Length - at).ToString());
    }

    // scheme://user:password@host
    static string WithoutPassword(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var at = scheme < 0 ? -1 : text.IndexOf('@', scheme);
        var slash = scheme < 0 ? -1 : text.IndexOfAny(['/', '?', '#', ' '], scheme + 3);
        return at > 0 && (slash < 0 || at < slash) ? $"{text[..(scheme + 3)]}***{text[at..]}" : text;
    }
}
