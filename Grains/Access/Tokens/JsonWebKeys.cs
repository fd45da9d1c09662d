using System.Security.Cryptography;
using System.Text.Json;

namespace Tributary.Grains.Access.Tokens;

/// <summary>
/// A key with the one algorithm that it is for (RFC 7518 §3): what a token says of its algorithm only chooses among keys and never what is done with
/// one, so a public key cannot be taken for a secret, and <c>none</c> finds no key.
/// </summary>
public sealed class JsonWebKey
{
    readonly byte[] _secret = [];
    readonly RSAParameters _rsa;
    readonly ECParameters _curve;

    JsonWebKey(string id, string algorithm) => (Id, Algorithm) = (id, algorithm);

    JsonWebKey(string id, byte[] secret) : this(id, "HS256") => _secret = secret;

    JsonWebKey(string id, RSAParameters rsa) : this(id, "RS256") => _rsa = rsa;

    JsonWebKey(string id, ECParameters curve) : this(id, "ES256") => _curve = curve;

    public string Id { get; }

    /// <summary><c>HS256</c>, <c>RS256</c> or <c>ES256</c>.</summary>
    public string Algorithm { get; }

    /// <summary>A secret of at least 256 bits (RFC 7518 §3.2); null where it is shorter.</summary>
    public static JsonWebKey? Secret(string id, byte[] secret) => secret.Length >= 32 ? new JsonWebKey(id, secret) : null;

    /// <summary>Reads one key of a set (RFC 7517 §4); null where it is of a kind that is not used here, is not for signatures, or is weak.</summary>
    public static JsonWebKey? Read(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || Text(key, "use") is not ("" or "sig"))
        {
            return null;
        }

        var id = Text(key, "kid");
        var read = Text(key, "kty") switch
        {
            "oct" => Secret(id, Bytes(key, "k")),
            "RSA" => Rsa(id, Bytes(key, "n"), Bytes(key, "e")),
            "EC" when Text(key, "crv") == "P-256" => Curve(id, Bytes(key, "x"), Bytes(key, "y")),
            _ => null,
        };
        return Text(key, "alg") is var algorithm && (algorithm.Length == 0 || algorithm == read?.Algorithm) ? read : null;
    }

    /// <summary>Whether the signature is of this key. Secrets are compared in a time that does not depend on where they differ.</summary>
    public bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        try
        {
            switch (Algorithm)
            {
                case "HS256":
                    return CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(_secret, signed), signature);
                case "RS256":
                    using (var rsa = RSA.Create(_rsa))
                    {
                        return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
                    }

                default:
                    using (var curve = ECDsa.Create(_curve))
                    {
                        return signature.Length == 64
                            && curve.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
                    }
            }
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    // 2048 bits at least (RFC 7518 §3.3); and no modulus that makes a check expensive.
    static JsonWebKey? Rsa(string id, byte[] modulus, byte[] exponent) =>
        modulus.Length is >= 256 and <= 1024 && modulus[0] >= 0x80 && exponent.Length is > 0 and <= 4
            ? Usable(new JsonWebKey(id, new RSAParameters { Modulus = modulus, Exponent = exponent }))
            : null;

    static JsonWebKey? Curve(string id, byte[] x, byte[] y) => x.Length == 32 && y.Length == 32
        ? Usable(new JsonWebKey(id, new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } }))
        : null;

    // A point beside the curve, or a modulus that the platform does not take, is no key.
    static JsonWebKey? Usable(JsonWebKey key)
    {
        try
        {
            if (key.Algorithm == "RS256")
            {
                RSA.Create(key._rsa).Dispose();
            }
            else
            {
                ECDsa.Create(key._curve).Dispose();
            }

            return key;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    static string Text(JsonElement key, string name) =>
        key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && JsonText.TryGet(value, out var text) ? text : "";

    static byte[] Bytes(JsonElement key, string name) => Base64Text.TryDecode(Text(key, name), out var bytes) ? bytes : [];
}

/// <summary>A set of keys (RFC 7517 §5). Keys that are not for us are passed over.</summary>
public sealed class JsonWebKeys(IReadOnlyList<JsonWebKey> keys)
{
    const int Most = 64;

    public static JsonWebKeys None { get; } = new([]);

    public IReadOnlyList<JsonWebKey> All => keys;

    /// <summary>False where the text is no set of keys.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, out JsonWebKeys set)
    {
        set = None;
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("keys", out var list)
                || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > Most)
            {
                return false;
            }

            set = new JsonWebKeys([.. list.EnumerateArray().Select(JsonWebKey.Read).OfType<JsonWebKey>()]);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The keys that a token may be signed with, by its algorithm and, where it names one, by the key's name.</summary>
    public IEnumerable<JsonWebKey> For(Jwt jwt) =>
        keys.Where(key => key.Algorithm == jwt.Algorithm && (jwt.KeyId.Length == 0 || key.Id.Length == 0 || key.Id == jwt.KeyId));
}

/// <summary>Strings of JSON, which may hold halves of surrogate pairs.</summary>
static class JsonText
{
    public static bool TryGet(JsonElement value, out string text)
    {
        text = "";
        try
        {
            text = value.GetString() ?? "";
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
