using System.Net;
using System.Text;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Unit.Access;

public sealed class SignedTokenTests
{
    // printf 'act=play&path=studio&exp=1767225600' and openssl dgst -sha256 -hmac 'another key of 16', as the README shows it.
    const string OfOpenssl = "YWN0PXBsYXkmcGF0aD1zdHVkaW8mZXhwPTE3NjcyMjU2MDA.8JX79Ng3P3PR_pC3iU1H8Bz-P6MGBwN2KAgO5hc65AI";

    static readonly byte[] Key = Encoding.ASCII.GetBytes("another key of 16");
    static readonly DateTimeOffset Expiry = DateTimeOffset.FromUnixTimeSeconds(1_767_225_600);

    [Fact]
    public void A_token_that_openssl_signed_is_ours_byte_for_byte()
    {
        Assert.Equal(OfOpenssl, new SignedToken(AccessAction.Play, "studio", Expiry).Sign(Key));
        Assert.Equal(TokenVerdict.Valid, Verify(OfOpenssl, Expiry.AddSeconds(-1)));
        Assert.Equal(TokenVerdict.Valid, Verify(OfOpenssl, Expiry.AddSeconds(9)));
        Assert.Equal(TokenVerdict.Expired, Verify(OfOpenssl, Expiry.AddSeconds(10)));
        Assert.Equal(TokenVerdict.Permission, Verify(OfOpenssl, Expiry.AddSeconds(-1), stream: "studio2"));
        Assert.Equal(TokenVerdict.Permission, Verify(OfOpenssl, Expiry.AddSeconds(-1), action: AccessAction.Publish));
    }

    [Fact]
    public void Every_changed_letter_makes_it_void()
    {
        for (var i = 0; i < OfOpenssl.Length; i++)
        {
            var changed = OfOpenssl[..i] + (OfOpenssl[i] == 'A' ? 'B' : 'A') + OfOpenssl[(i + 1)..];
            var verdict = Verify(changed, Expiry.AddSeconds(-1));
            Assert.True(verdict.IsForged() || changed[..^1] == OfOpenssl[..^1], $"letter {i}: {verdict}");
        }
    }

    [Fact]
    public void All_that_it_says_is_kept()
    {
        var token = new SignedToken(AccessAction.Publish, "vip-*", Expiry) { Bound = Range("192.0.2.0/24"), NotBefore = Expiry.AddHours(-1), Ends = Expiry.AddHours(1), KeyId = "b" };
        var text = token.Sign(Key);
        Assert.True(SignedToken.TryParse(text, out var read, out _));
        Assert.Equal(token, read);
        var keys = new Dictionary<string, byte[]> { ["a"] = [1], ["b"] = Key };
        var use = new TokenUse(AccessAction.Publish, "vip-1", IPAddress.Parse("192.0.2.200"), Expiry.AddMinutes(-1), TimeSpan.Zero);
        Assert.Equal(TokenVerdict.Valid, SignedToken.Verify(text, keys, use, out var grant));
        Assert.Equal(Expiry.AddHours(1), grant.Ends);
        Assert.Equal(TokenVerdict.Address, SignedToken.Verify(text, keys, use with { Address = IPAddress.Parse("192.0.3.1") }, out _));
        Assert.Equal(TokenVerdict.NotYet, SignedToken.Verify(text, keys, use with { Now = Expiry.AddHours(-2) }, out _));
        Assert.Equal(TokenVerdict.Permission, SignedToken.Verify(text, keys, use with { Stream = "free-1" }, out _));
        Assert.Equal(TokenVerdict.UnknownKey, SignedToken.Verify(text, new Dictionary<string, byte[]> { ["a"] = Key }, use, out _));
        Assert.Equal(TokenVerdict.Signature, SignedToken.Verify(text, new Dictionary<string, byte[]> { ["b"] = [1] }, use, out _));
    }

    [Theory]
    [InlineData("act=play&path=studio")]                                   // for ever
    [InlineData("act=play&path=studio&exp=1767225600&exp=9999999999")]
    [InlineData("act=play&path=studio&exp=1767225600&vip=1")]
    [InlineData("act=all&path=studio&exp=1767225600")]
    [InlineData("act=play&path=../x&exp=1767225600")]
    [InlineData("act=play&path=studio&exp=-1")]
    [InlineData("act=play&path=studio&exp=99999999999999999")]
    [InlineData("act=play&path=studio&exp=1767225600&ip=everywhere")]
    [InlineData("")]
    public void What_it_does_not_say_properly_is_no_token(string payload)
    {
        var text = System.Buffers.Text.Base64Url.EncodeToString(Encoding.ASCII.GetBytes(payload));
        var mac = System.Security.Cryptography.HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes(text));
        Assert.Equal(TokenVerdict.Malformed, Verify($"{text}.{System.Buffers.Text.Base64Url.EncodeToString(mac)}", Expiry.AddSeconds(-1)));
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("10.0.0.0/8", "10.255.1.2", true)]
    [InlineData("10.1.2.3/8", "10.255.1.2", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1", false)]
    [InlineData("0.0.0.0/0", "11.0.0.1", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "11.0.0.1", true)]
    [InlineData("2001:db8::/32", "2001:db8:1::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.1.1", true)]
    public void Networks_hold_what_is_in_them(string range, string address, bool holds) => Assert.Equal(holds, Range(range).Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("::1/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("example.org")]
    [InlineData("")]
    public void What_is_no_network_is_none(string text) => Assert.False(AddressRange.TryParse(text, out _));

    [Theory]
    [InlineData("rtmp://h/live/x?key=abc&i=1", "rtmp://h/live/x?key=***&i=1")]
    [InlineData("/live/x/master.m3u8?_HLS_msn=3&Token=a.b&x=y", "/live/x/master.m3u8?_HLS_msn=3&Token=***&x=y")]
    [InlineData("https://user:word@h/hook?secret=1", "https://***@h/hook?secret=***")]
    [InlineData("?jwt=a.b.c", "?jwt=***")]
    [InlineData("?token=", "?token=")]
    [InlineData("?monkey=1&keys=2", "?monkey=1&keys=2")]
    [InlineData("nothing to hide", "nothing to hide")]
    public void Secrets_in_addresses_are_not_shown(string text, string shown) => Assert.Equal(shown, QueryText.Redact(text));

    [Theory]
    [InlineData("?token=a.b", "", "a.b", "", "")]
    [InlineData("x=1&jwt=a.b.c", "", "a.b.c", "", "")]
    [InlineData("", "Bearer a.b.c", "a.b.c", "", "")]
    [InlineData("", "bearer  a", "a", "", "")]
    [InlineData("?user=u&pass=p%20q", "", "", "u", "p q")]
    [InlineData("", "Basic dTpwOnE=", "", "u", "p:q")]
    [InlineData("?user=u&pass=a.b.c", "", "a.b.c", "u", "a.b.c")]
    [InlineData("", "Basic %%%", "", "", "")]
    public void Credentials_are_found_where_players_put_them(string query, string authorization, string token, string user, string password) =>
        Assert.Equal(new Credentials(token, user, password), Credentials.Read(query, authorization));

    static TokenVerdict Verify(string text, DateTimeOffset now, string stream = "studio", AccessAction action = AccessAction.Play) => SignedToken.Verify(
        text, new Dictionary<string, byte[]> { ["k"] = Key }, new TokenUse(action, stream, IPAddress.Loopback, now, TimeSpan.FromSeconds(10)), out _);

    static AddressRange Range(string text) => AddressRange.TryParse(text, out var range) ? range : throw new ArgumentException(text);
}
