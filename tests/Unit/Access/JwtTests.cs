using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Unit.Access;

public sealed class JwtTests
{
    // RFC 7515 appendices A.1 to A.3: one payload under three algorithms.
    const string Payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const string Hs256 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Payload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const string Rs256 = "eyJhbGciOiJSUzI1NiJ9." + Payload
        + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75"
        + "vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const string Es256 = "eyJhbGciOiJFUzI1NiJ9." + Payload + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const string Modulus = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_"
        + "7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const string RfcKeys = $$"""
        {"keys": [
          {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
          {"kty": "RSA", "n": "{{Modulus}}", "e": "AQAB"},
          {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
        """;

    const string Secret = "a secret of thirty-two letters at least";
    static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_767_225_600);

    [Theory]
    [InlineData(Hs256)]
    [InlineData(Rs256)]
    [InlineData(Es256)]
    public void Signatures_of_the_rfc_are_verified_and_bytes_that_were_changed_are_not(string token)
    {
        var keys = Set(RfcKeys);
        Assert.True(Jwt.TryParse(token, out var jwt));
        var key = Assert.Single(keys.For(jwt));
        Assert.True(key.Verifies(jwt.Signed, jwt.Signature));
        for (var i = 0; i < jwt.Signature.Length; i += 7)
        {
            var changed = (byte[])jwt.Signature.Clone();
            changed[i] ^= 1;
            Assert.False(key.Verifies(jwt.Signed, changed));
        }

        Assert.False(key.Verifies(jwt.Signed.AsSpan(1), jwt.Signature));
        Assert.False(key.Verifies(jwt.Signed, jwt.Signature.AsSpan(1)));
        Assert.Equal(TokenVerdict.Expired, new JwtRules().Verify(token, keys, Use(), out _));   // in 2011
    }

    [Fact]
    public void A_token_without_an_algorithm_or_with_another_one_is_refused()
    {
        var claims = Claims();
        Assert.Equal(TokenVerdict.Algorithm, Verify($"{Part("""{"alg":"none"}""")}.{Part(claims)}."));
        Assert.Equal(TokenVerdict.Algorithm, Verify(Sign("""{"alg":"None"}""", claims)));
        Assert.Equal(TokenVerdict.Algorithm, Verify(Sign("""{"alg":"HS512"}""", claims)));
        Assert.Equal(TokenVerdict.Malformed, Verify(Sign("{}", claims)));
        Assert.Equal(TokenVerdict.Malformed, Verify(Sign("""{"alg":"HS256","crit":["exp"]}""", claims)));
        Assert.Equal(TokenVerdict.Malformed, Verify(Sign("""{"alg":"none","alg":"HS256"}""", claims)));
    }

    [Fact]
    public void A_public_key_is_never_taken_for_a_secret()
    {
        using var rsa = RSA.Create(2048);
        var parameters = rsa.ExportParameters(false);
        var keys = Set($$"""{"keys": [{"kty": "RSA", "n": "{{Part(parameters.Modulus!)}}", "e": "{{Part(parameters.Exponent!)}}"}]}""");
        foreach (var secret in (byte[][])[Encoding.ASCII.GetBytes(rsa.ExportRSAPublicKeyPem()), Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), rsa.ExportRSAPublicKey(), parameters.Modulus!])
        {
            var forged = Sign("""{"alg":"HS256"}""", Claims(), secret);
            Assert.Equal(TokenVerdict.UnknownKey, new JwtRules().Verify(forged, keys, Use(), out _));
        }

        var signed = $"{Part("""{"alg":"RS256"}""")}.{Part(Claims())}";
        var token = $"{signed}.{Part(rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        Assert.Equal(TokenVerdict.Valid, new JwtRules().Verify(token, keys, Use(), out _));
    }

    [Theory]
    [InlineData("""{"keys": [{"kty": "oct", "k": "c2hvcnQ"}]}""")]
    [InlineData("""{"keys": [{"kty": "RSA", "n": "ofgWCuLjybRlzo0t", "e": "AQAB"}]}""")]
    [InlineData("""{"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}]}""")]
    [InlineData("""{"keys": [{"kty": "EC", "crv": "P-521", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}""")]
    [InlineData("""{"keys": [{"kty": "oct", "use": "enc", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}""")]
    [InlineData("""{"keys": [{"kty": "oct", "alg": "RS256", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}]}""")]
    public void Keys_that_are_weak_or_for_something_else_are_passed_over(string set) => Assert.Empty(Set(set).All);

    [Theory]
    [InlineData("""{"exp": 1767229200}""", TokenVerdict.Valid)]
    [InlineData("""{"exp": 1767229200.5}""", TokenVerdict.Valid)]
    [InlineData("""{"exp": 1767225571}""", TokenVerdict.Valid)]      // 29 s ago: the issuer's clock
    [InlineData("""{"exp": 1767225570}""", TokenVerdict.Expired)]
    [InlineData("""{}""", TokenVerdict.NoExpiry)]
    [InlineData("""{"exp": "1767229200"}""", TokenVerdict.Malformed)]
    [InlineData("""{"exp": 1e300}""", TokenVerdict.Malformed)]
    [InlineData("""{"exp": 1767229200, "nbf": 1767225630}""", TokenVerdict.Valid)]
    [InlineData("""{"exp": 1767229200, "nbf": 1767225631}""", TokenVerdict.NotYet)]
    [InlineData("""{"exp": 1767229200, "tributary_ip": "192.0.2.0/24"}""", TokenVerdict.Valid)]
    [InlineData("""{"exp": 1767229200, "tributary_ip": "198.51.100.0/24"}""", TokenVerdict.Address)]
    [InlineData("""{"exp": 1767229200, "tributary_end": 1767225000}""", TokenVerdict.Expired)]
    public void Times_and_addresses_are_kept(string claims, TokenVerdict verdict) => Assert.Equal(verdict, Verify(Sign("""{"alg":"HS256"}""", Claims(claims))));

    [Theory]
    [InlineData("""[{"action": "read", "path": "studio"}]""", true)]
    [InlineData("""[{"action": "read", "path": "live/studio"}]""", true)]
    [InlineData("""[{"action": "read", "path": ""}]""", true)]
    [InlineData("""[{"action": "read"}]""", true)]
    [InlineData("""[{"action": "read", "path": "~^stu.*$"}]""", true)]
    [InlineData("""[{"action": "publish", "path": "x"}, {"action": "read", "path": "studio"}]""", true)]
    [InlineData("\"[{\\\"action\\\": \\\"read\\\", \\\"path\\\": \\\"studio\\\"}]\"", true)]
    [InlineData("""[{"action": "publish", "path": "studio"}]""", false)]
    [InlineData("""[{"action": "read", "path": "other"}]""", false)]
    [InlineData("""[{"action": "read", "path": "~^other"}]""", false)]
    [InlineData("""[{"action": "read", "path": "~("}]""", false)]
    [InlineData("""[{"action": "read", "path": "~(a+)+\\1"}]""", false)]
    [InlineData("""[{"action": "read", "path": 1}]""", false)]
    [InlineData("""{"action": "read", "path": "studio"}""", false)]
    [InlineData("\"no json\"", false)]
    [InlineData("[]", false)]
    public void Permissions_are_read_as_mediamtx_has_them(string permissions, bool opens) => Assert.Equal(
        opens ? TokenVerdict.Valid : TokenVerdict.Permission,
        Verify(Sign("""{"alg":"HS256"}""", $$"""{"exp": 1767229200, "mediamtx_permissions": {{permissions}}}""")));

    [Theory]
    [InlineData("""{"exp": 1767229200, "iss": "https://id.example", "aud": "live"}""", true)]
    [InlineData("""{"exp": 1767229200, "iss": "https://id.example", "aud": ["vod", "live"]}""", true)]
    [InlineData("""{"exp": 1767229200, "iss": "https://id.example", "aud": ["vod"]}""", false)]
    [InlineData("""{"exp": 1767229200, "iss": "https://other.example", "aud": "live"}""", false)]
    [InlineData("""{"exp": 1767229200, "aud": "live"}""", false)]
    public void Issuer_and_audience_have_to_be_the_ones_that_were_agreed(string claims, bool opens) => Assert.Equal(
        opens ? TokenVerdict.Valid : TokenVerdict.Issuer,
        new JwtRules("https://id.example", "live").Verify(Sign("""{"alg":"HS256"}""", Claims(claims)), Ours, Use(), out _));

    [Fact]
    public void A_token_for_another_key_is_told_apart_from_one_with_a_wrong_signature()
    {
        var keys = new JsonWebKeys([JsonWebKey.Secret("one", Encoding.UTF8.GetBytes(Secret))!]);
        Assert.Equal(TokenVerdict.Valid, new JwtRules().Verify(Sign("""{"alg":"HS256","kid":"one"}""", Claims()), keys, Use(), out _));
        Assert.Equal(TokenVerdict.UnknownKey, new JwtRules().Verify(Sign("""{"alg":"HS256","kid":"../../etc/passwd"}""", Claims()), keys, Use(), out _));
        Assert.Equal(TokenVerdict.Signature, new JwtRules().Verify(Sign("""{"alg":"HS256","kid":"one"}""", Claims(), new byte[32]), keys, Use(), out _));
    }

    static JsonWebKeys Ours { get; } = new([JsonWebKey.Secret("", Encoding.UTF8.GetBytes(Secret))!]);

    static TokenVerdict Verify(string token) => new JwtRules().Verify(token, Ours, Use(), out _);

    static TokenUse Use() => new(AccessAction.Play, "studio", IPAddress.Parse("192.0.2.7"), Now, TimeSpan.FromSeconds(30));

    static JsonWebKeys Set(string json) => JsonWebKeys.TryParse(Encoding.UTF8.GetBytes(json), out var set) ? set : throw new InvalidDataException();

    static string Claims(string claims = """{"exp": 1767229200}""")
    {
        var all = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(claims)!;
        all.TryAdd("mediamtx_permissions", JsonSerializer.Deserialize<JsonElement>("""[{"action": "read", "path": "studio"}]"""));
        return JsonSerializer.Serialize(all);
    }

    internal static string Sign(string header, string claims, byte[]? secret = null)
    {
        var signed = $"{Part(header)}.{Part(claims)}";
        return $"{signed}.{Part(HMACSHA256.HashData(secret ?? Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    static string Part(string text) => Part(Encoding.UTF8.GetBytes(text));

    static string Part(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
