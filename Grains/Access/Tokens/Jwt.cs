using System.Text;
using System.Text.Json;

namespace Tributary.Grains.Access.Tokens;

/// <summary>A JSON Web Token (RFC 7519) in the compact form of a JWS (RFC 7515 §3.1), read but not believed.</summary>
/// <param name="Algorithm"><c>alg</c>.</param>
/// <param name="KeyId"><c>kid</c>; only ever compared with names of keys that are known, never looked up anywhere. Empty: it names none.</param>
/// <param name="Signed">The bytes that the signature is of.</param>
/// <param name="Signature">The signature.</param>
/// <param name="Claims">The claims; an object.</param>
public sealed record Jwt(string Algorithm, string KeyId, byte[] Signed, byte[] Signature, JsonElement Claims)
{
    /// <summary>Longer texts are no tokens.</summary>
    public const int MaxLength = 8_192;

    static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>Whether the text has the shape of one: three parts.</summary>
    public static bool IsShaped(string text) => text.AsSpan().Count('.') == 2;

    /// <summary>
    /// Reads a token. False where it is none, where it names a member twice (RFC 7515 §4), or where it has a critical extension (§4.1.11): none is known here.
    /// </summary>
    public static bool TryParse(string text, out Jwt jwt)
    {
        jwt = new Jwt("", "", [], [], default);
        var first = text.IndexOf('.', StringComparison.Ordinal);
        var second = first < 0 ? -1 : text.IndexOf('.', first + 1);
        if (text.Length > MaxLength || second < 0 || !Base64Text.TryDecode(text.AsSpan(0, first), out var head)
            || !Base64Text.TryDecode(text.AsSpan(first + 1, second - first - 1), out var payload)
            || !Base64Text.TryDecode(text.AsSpan(second + 1), out var signature)
            || !TryObject(head, out var header) || !TryObject(payload, out var claims)
            || header.TryGetProperty("crit", out _) || header.TryGetProperty("b64", out _)
            || !TryString(header, "alg", out var algorithm) || algorithm.Length == 0 || !TryString(header, "kid", out var key))
        {
            return false;
        }

        jwt = new Jwt(algorithm, key, Encoding.ASCII.GetBytes(text[..second]), signature, claims);
        return true;
    }

    static bool TryObject(byte[] utf8, out JsonElement element)
    {
        element = default;
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            element = document.RootElement.Clone();
            return element.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // True with an empty text where the member is missing.
    static bool TryString(JsonElement parent, string name, out string text)
    {
        text = "";
        if (!parent.TryGetProperty(name, out var value))
        {
            return true;
        }

        try
        {
            text = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
            return value.ValueKind == JsonValueKind.String;
        }
        catch (InvalidOperationException)
        {
            return false;   // half a surrogate pair
        }
    }
}
