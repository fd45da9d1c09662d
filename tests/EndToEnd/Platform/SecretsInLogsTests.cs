using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Platform;

/// <summary>A life of an entry, with everything that is secret in it said in every way that it can be, while both sides log all that they have to say.</summary>
public sealed class SecretsInLogsTests
{
    const string Token = "Tok3nOfTheEntry", Wrong = "Wr0ngTok3n", Password = "Passw0rdOfAUser", SrtPass = "PassphraseForSrt";

    static readonly Dictionary<string, string> All = new() { ["Logging__LogLevel__Default"] = "Trace", ["Logging__LogLevel__Microsoft"] = "Trace", ["Logging__LogLevel__Orleans"] = "Trace" };

    [Fact]
    public async Task No_secret_and_no_whole_token_is_in_any_log()
    {
        await using var world = await PlatformWorld.Start(new(All) { ["Platform__Partners__102__AdminSecret"] = PlatformWorld.Secret });
        await using var edge = await ServerProcess.Start(new(All)
        {
            ["Platform__Enabled"] = "false", ["KLive__HostName"] = "edge-102", ["KLive__RegisterEvery"] = "00:00:01", ["KLive__Platform__Url"] = world.Server.Http.BaseAddress!.ToString(),
            ["KLive__Platform__Partner"] = "102", ["KLive__Platform__AdminSecret"] = PlatformWorld.Secret,
        });
        var (ks, widget) = (await world.Session(102), await world.Widget(102));
        var entry = await Entry(world, ks);

        // 1. Sessions in bodies, queries and paths; right ones, broken ones and ones that are over.
        var user = PlatformWorld.Object("user", "User", ("id", "someone"), ("password", Password), ("isAdmin", true), ("email", "someone@example.net"));
        await world.Call("user", "add", user, ks);
        var login = (string)(await world.Call("user", "login", new JsonObject { ["partnerId"] = 102, ["userId"] = "someone", ["password"] = Password }))!;
        var broken = ks[..^12] + "AAAAAAAAAAA=";
        foreach (var session in new[] { ks, widget, login, broken })
        {
            var escaped = Uri.EscapeDataString(session);
            await world.Server.Http.GetStringAsync($"/api_v3/service/livestream/action/get/entryId/{entry}/ks/{escaped}");
            await world.Server.Http.GetStringAsync($"/api_v3/index.php?service=livestream&action=get&entryId={entry}&ks={escaped}");
            (await world.Server.Http.GetAsync($"/p/102/sp/10200/playManifest/entryId/{entry}/format/applehttp/ks/{escaped}/a.m3u8")).Dispose();
            (await world.Server.Http.GetAsync($"/p/102/sp/10200/thumbnail/entry_id/{entry}?ks={escaped}")).Dispose();
        }

        // 2. Encoders at either side, with the right token and with a wrong one.
        foreach (var port in new[] { edge.RtmpPort, world.Server.RtmpPort })
        {
            await using (var encoder = await RtmpPublisher.Connect("127.0.0.1", port, $"{entry}_1", $"kLive?p=102&e={entry}&i=0&t={Token}"))
            {
                Assert.True(encoder.IsOnAir, $"{encoder.Refusal}\n{edge.LogTail}");
                await encoder.Stop();
            }

            await using var refused = await RtmpPublisher.Connect("127.0.0.1", port, $"{entry}_1", $"kLive?p=102&e={entry}&i=0&t={Wrong}");
            Assert.False(refused.IsOnAir);
        }

        // 3. A session that ends.
        await world.Call("session", "end", [], ks);
        Assert.Equal("INVALID_KS", PlatformWorld.Code(await world.Try("livestream", "get", new JsonObject { ["entryId"] = entry }, ks)));

        foreach (var (side, log) in new[] { ("platform", world.Server.Log), ("media server", edge.Log) })
        {
            Assert.True(log.Contains("dbug", StringComparison.Ordinal), $"the {side} logs all that it has to say");
            foreach (var secret in new[] { PlatformWorld.Secret, "us3r", Token, Wrong, Password, SrtPass, ks, widget, login, broken })
            {
                foreach (var form in new[] { secret, Uri.EscapeDataString(secret) })
                {
                    var at = log.IndexOf(form, StringComparison.Ordinal);
                    Assert.True(at < 0, $"{form} is in the log of the {side}: {(at < 0 ? "" : log[Math.Max(0, log.LastIndexOf('\n', at))..Math.Min(log.Length, at + 40)])}");
                }
            }
        }
    }

    static async Task<string> Entry(PlatformWorld world, string ks) => (string)(await world.Call("livestream", "add", new JsonObject
    {
        ["sourceType"] = "32",
        ["liveStreamEntry"] = PlatformWorld.Typed("LiveStreamEntry", ("name", "Show"), ("mediaType", 201), ("streamPassword", Token), ("srtPass", SrtPass)),
    }, ks))!["id"]!;
}
