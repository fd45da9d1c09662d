using System.Buffers.Text;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Tokens;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Access;

/// <summary>Where keys for JSON Web Tokens come from, and what becomes of them when they change or stay away.</summary>
public sealed class JwtKeysTests : IAsyncLifetime
{
    static readonly byte[] First = Encoding.ASCII.GetBytes("the first secret of thirty-two letters"), Second = Encoding.ASCII.GetBytes("the second secret, of thirty-two letters");

    readonly ManualTime _time = new();
    HookServer _issuer = null!;

    public async Task InitializeAsync() => _issuer = await HookServer.Start();

    public async Task DisposeAsync() => await _issuer.DisposeAsync();

    [Fact]
    public async Task Keys_are_fetched_once_and_a_new_one_is_found_when_it_is_used_but_not_at_every_guess()
    {
        _issuer.Answer = _ => Task.FromResult((200, Set(("one", First))));
        using var keys = Keys(new AccessJwt { KeysUrl = _issuer.Url });
        Assert.Equal(TokenVerdict.Valid, await Verify(keys, "one", First));
        Assert.Equal(TokenVerdict.Valid, await Verify(keys, "one", First));
        Assert.Equal(1, _issuer.Count);

        _issuer.Answer = _ => Task.FromResult((200, Set(("one", First), ("two", Second))));
        Assert.Equal(TokenVerdict.UnknownKey, await Verify(keys, "two", Second));   // asked a moment ago
        Assert.Equal(TokenVerdict.UnknownKey, await Verify(keys, "guess", Second));
        Assert.Equal(1, _issuer.Count);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(TokenVerdict.Valid, await Verify(keys, "two", Second));
        Assert.Equal(2, _issuer.Count);
    }

    [Theory]
    [InlineData(503, "")]
    [InlineData(200, "no key set")]
    [InlineData(302, "")]
    public async Task While_the_issuer_gives_none_the_last_keys_hold(int status, string body)
    {
        _issuer.Answer = _ => Task.FromResult((200, Set(("one", First))));
        using var keys = Keys(new AccessJwt { KeysUrl = _issuer.Url });
        Assert.Equal(TokenVerdict.Valid, await Verify(keys, "one", First));
        _issuer.Answer = _ => Task.FromResult((status, body));
        _time.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(TokenVerdict.Valid, await Verify(keys, "one", First));
        Assert.Equal(2, _issuer.Count);
    }

    [Fact]
    public async Task A_key_that_was_taken_out_opens_nothing_any_more()
    {
        _issuer.Answer = _ => Task.FromResult((200, Set(("one", First))));
        using var keys = Keys(new AccessJwt { KeysUrl = _issuer.Url });
        Assert.Equal(TokenVerdict.Valid, await Verify(keys, "one", First));
        _issuer.Answer = _ => Task.FromResult((200, Set(("two", Second))));
        _time.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(TokenVerdict.UnknownKey, await Verify(keys, "one", First));
    }

    [Fact]
    public async Task A_file_is_read_again_when_it_changes()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, Set(("one", First)));
            using var keys = Keys(new AccessJwt { KeysPath = path });
            Assert.Equal(TokenVerdict.Valid, await Verify(keys, "one", First));
            await File.WriteAllTextAsync(path, Set(("two", Second)));
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));
            _time.Advance(TimeSpan.FromMinutes(16));
            Assert.Equal(TokenVerdict.Valid, await Verify(keys, "two", Second));
            Assert.Equal(TokenVerdict.UnknownKey, await Verify(keys, "one", First));
            File.Delete(path);
            _time.Advance(TimeSpan.FromMinutes(16));
            Assert.Equal(TokenVerdict.Valid, await Verify(keys, "two", Second));
        }
        finally
        {
            File.Delete(path);
        }
    }

    async Task<TokenVerdict> Verify(JwtKeys keys, string id, byte[] secret)
    {
        var exp = _time.GetUtcNow().AddMinutes(1).ToUnixTimeSeconds();
        var token = JwtTests.Sign($$"""{"alg":"HS256","kid":"{{id}}"}""", $$"""{"exp": {{exp}}, "mediamtx_permissions": [{"action": "read"}]}""", secret);
        return (await keys.Verify(token, new TokenUse(AccessAction.Play, "studio", IPAddress.Loopback, _time.GetUtcNow(), TimeSpan.Zero))).Verdict;
    }

    JwtKeys Keys(AccessJwt jwt) => new(Options.Create(new AccessOptions { Jwt = jwt }), _time, NullLogger<JwtKeys>.Instance);

    static string Set(params (string Id, byte[] Secret)[] keys) =>
        $$"""{"keys": [{{string.Join(',', keys.Select(key => $$"""{"kty": "oct", "kid": "{{key.Id}}", "k": "{{Base64Url.EncodeToString(key.Secret)}}"}"""))}}]}""";
}
