using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Api;

namespace Tributary.Unit.Gateway;

/// <summary>Who may command over HTTP.</summary>
public sealed class AdminAccessTests
{
    const string Token = "correct-horse-battery";

    [Theory]
    [InlineData("127.0.0.1", "", null)]
    [InlineData("::1", "", null)]
    [InlineData("::ffff:127.0.0.1", "", null)]
    [InlineData("192.0.2.1", "", 403)]
    [InlineData("127.0.0.1", "X-Forwarded-For: 192.0.2.1", 403)]
    [InlineData("127.0.0.1", "Forwarded: for=192.0.2.1", 403)]
    [InlineData("127.0.0.1", "Origin: https://elsewhere.example", 403)]
    [InlineData("127.0.0.1", "Origin: null", 403)]
    [InlineData("127.0.0.1", "Sec-Fetch-Site: cross-site", 403)]
    [InlineData("127.0.0.1", "Origin: http://localhost:8080", null)]
    public void Without_a_token_this_machine_commands(string remote, string header, int? status) =>
        Assert.Equal(status, Refusal("", remote, header)?.Status);

    [Theory]
    [InlineData("192.0.2.1", "Authorization: Bearer " + Token, null)]
    [InlineData("192.0.2.1", "Authorization: bearer " + Token, null)]
    [InlineData("192.0.2.1", "Authorization: Bearer " + Token + "x", 401)]
    [InlineData("192.0.2.1", "Authorization: Basic " + Token, 401)]
    [InlineData("127.0.0.1", "", 401)]
    public void With_a_token_whoever_knows_it_commands(string remote, string header, int? status) =>
        Assert.Equal(status, Refusal(Token, remote, header)?.Status);

    static Problem? Refusal(string token, string remote, string header)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(remote);
        if (header.Split(": ") is [var name, var value])
        {
            context.Request.Headers[name] = value;
        }

        return new AdminAccess(new Fixed<ApiOptions>(new ApiOptions { Token = token })).Refusal(context);
    }

    sealed class Fixed<T>(T value) : IOptionsMonitor<T>
    {
        public T CurrentValue => value;

        public T Get(string? name) => value;

        public IDisposable? OnChange(Action<T, string?> listener) => null;
    }
}
