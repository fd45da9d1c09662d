using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Tokens;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Publishing;
using Tributary.Unit.Access;
using Tributary.Unit.Gateway;

namespace Tributary.Unit.Publishing;

/// <summary>Who may publish where keys, tokens, addresses and hooks come together.</summary>
public sealed class PublishGateTest
{
    const string Secret = "sixteen letters!";

    [Theory]
    [InlineData("Public", "", "127.0.0.1", AccessReason.None)]
    [InlineData("Public", "", "192.0.2.7", AccessReason.CredentialMissing)]
    [InlineData("Public", "token=TOKEN", "192.0.2.7", AccessReason.None)]
    [InlineData("Public", "key=right", "192.0.2.7", AccessReason.None)]
    [InlineData("Public", "key=wrong", "192.0.2.7", AccessReason.CredentialWrong)]
    [InlineData("Protected", "", "127.0.0.1", AccessReason.CredentialMissing)]
    [InlineData("Protected", "key=right", "127.0.0.1", AccessReason.None)]
    [InlineData("Protected", "token=TOKEN", "127.0.0.1", AccessReason.None)]
    [InlineData("Protected", "key=wrong&token=TOKEN", "127.0.0.1", AccessReason.None)]
    [InlineData("Protected", "token=PLAYS", "127.0.0.1", AccessReason.CredentialWrong)]
    [InlineData("Protected", "token=LATE", "127.0.0.1", AccessReason.Expired)]
    [InlineData("Protected", "token=guess", "127.0.0.1", AccessReason.CredentialWrong)]
    public async Task A_key_or_a_token_opens_what_the_stream_asks_for(string mode, string query, string address, AccessReason reason)
    {
        using var services = Services(("Access:Mode", mode));
        var now = DateTimeOffset.UtcNow;
        query = query.Replace("TOKEN", Token(AccessAction.Publish, now.AddMinutes(1)), StringComparison.Ordinal)
            .Replace("PLAYS", Token(AccessAction.Play, now.AddMinutes(1)), StringComparison.Ordinal).Replace("LATE", Token(AccessAction.Publish, now.AddHours(-1)), StringComparison.Ordinal);
        Assert.Equal(reason, (await Decide(services, query, address)).Reason);
    }

    [Fact]
    public async Task A_key_that_an_operator_gave_stands_for_the_configured_one()
    {
        using var services = Services(("Publish:Keys:studio", "configured"));
        Assert.Equal(AccessReason.None, (await Decide(services, "key=configured", "192.0.2.7")).Reason);
        await services.GetRequiredService<FakeCluster>().Access.Set(new StreamAccess { Stream = "studio", Mode = AccessMode.Public, KeyHash = PublishKeys.Hash("given") });
        await services.GetRequiredService<AccessRules>().Refresh();
        Assert.Equal(AccessReason.None, (await Decide(services, "key=given", "192.0.2.7")).Reason);
        Assert.Equal(AccessReason.CredentialWrong, (await Decide(services, "key=configured", "192.0.2.7")).Reason);
        Assert.Equal(AccessReason.CredentialMissing, (await Decide(services, "", "127.0.0.1")).Reason);
    }

    [Fact]
    public async Task Addresses_and_guesses_are_refused_before_any_key_is_looked_at()
    {
        using var services = Services(("Access:Addresses:PublishNotFrom:0", "198.51.100.0/24"), ("Access:Lockout:Failures", "3"));
        Assert.Equal(AccessReason.Address, (await Decide(services, "key=right", "198.51.100.9")).Reason);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(AccessReason.CredentialWrong, (await Decide(services, $"key=guess{i}", "192.0.2.7")).Reason);
        }

        Assert.Equal(AccessReason.LockedOut, (await Decide(services, "key=right", "192.0.2.7")).Reason);
        Assert.Equal(AccessReason.None, (await Decide(services, "key=right", "192.0.2.8")).Reason);
    }

    [Fact]
    public async Task A_hook_may_refuse_who_has_the_right_key_and_a_pulled_stream_is_not_asked_about()
    {
        await using var hooks = await HookServer.Start();
        hooks.Answer = call => Task.FromResult((200, call["action"] == "on_publish" && call["stream"] == "studio" ? """{"code": 1}""" : "0"));
        using var services = Services(("Access:Hooks:0:Url", hooks.Url), ("Access:Hooks:0:Shape", "Srs"), ("Access:Hooks:0:Timeout", "00:01:00"));
        Assert.Equal(AccessReason.Hook, (await Decide(services, "key=right", "192.0.2.7")).Reason);
        Assert.Equal("rtmp://h/live", (await hooks.Next())["tcUrl"]);
        var gate = services.GetRequiredService<PublishGate>();
        Assert.True((await gate.Decide(Target("", "192.0.2.7") with { Pulled = true }, Guid.NewGuid(), default)).Access.Granted);
        Assert.Equal(1, hooks.Count);
    }

    [Fact]
    public async Task Without_access_control_keys_decide_alone()
    {
        using var services = new ServiceCollection().AddOptions().AddSingleton(TimeProvider.System).AddSingleton<PublishKeys>().AddSingleton<PublishGate>().BuildServiceProvider();
        Assert.True((await Decide(services, "", "127.0.0.1")).Granted);
        Assert.False((await Decide(services, "", "192.0.2.7")).Granted);
    }

    static async Task<AccessDecision> Decide(IServiceProvider services, string query, string address) =>
        (await services.GetRequiredService<PublishGate>().Decide(Target(query, address), Guid.NewGuid(), default)).Access;

    static PublishTarget Target(string query, string address) =>
        new("studio", 0, QueryText.Find(query, "key"), "rtmp", new IPEndPoint(IPAddress.Parse(address), 40_000)) { Query = query, TcUrl = "rtmp://h/live" };

    static string Token(AccessAction action, DateTimeOffset expires) => new SignedToken(action, "studio", expires).Sign(Encoding.UTF8.GetBytes(Secret));

    static ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            settings.Append(("Access:Tokens:Keys:k", Secret)).Append(("Publish:Key", "right")).Select(setting => KeyValuePair.Create<string, string?>(setting.Item1, setting.Item2))).Build();
        var (grains, cluster) = FakeCluster.Create();
        var services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton(grains).AddSingleton(cluster).AddSingleton(TimeProvider.System)
            .AddSingleton(new NodeIdentity("ingest-1", "")).AddAccess(configuration).AddSingleton<PublishKeys>().AddSingleton<PublishGate>();
        services.AddOptions<PublishOptions>().Bind(configuration.GetSection("Publish"));
        return services.BuildServiceProvider();
    }
}
