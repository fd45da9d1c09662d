using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Tributary.EndToEnd.Platform;

/// <summary>Sessions that must not work, rights that are not there, requests that want to hurt; and nothing of it in the log.</summary>
public sealed class SessionSafetyTests
{
    [Fact]
    public async Task Only_whoever_may_gets_what_is_asked_for()
    {
        await using var world = await PlatformWorld.Start();
        var (admin, other, server) = (await world.Session(102), await world.Session(103), await world.Session(-5, user: "MediaServer"));
        var found = await world.Make(102, "registered");
        JsonObject Get() => new() { ["entryId"] = found["$entry"] };

        // Forged, expired, of another partner, restricted.
        await Refused(world, "INVALID_KS", "livestream", "get", Get(), admin[..^12] + "AAAAAAAAAAA=");
        await Refused(world, "INVALID_KS", "livestream", "get", Get(), await world.Session(102, expiry: 0));
        await Refused(world, "ENTRY_ID_NOT_FOUND", "livestream", "get", Get(), other);
        await Refused(world, "INVALID_KS", "livestream", "get", Get(), await world.Session(102, privileges: "iprestrict:10.9.8.7"));
        await Refused(world, "INVALID_KS", "livestream", "get", Get(), await world.Session(102, privileges: "urirestrict:/p/*"));
        await world.Call("livestream", "get", Get(), await world.Session(102, privileges: "iprestrict:127.0.0.1,urirestrict:/api_v3/*"));

        // An administrator's session signed with a user's secret is none; a user's does not do what is an administrator's.
        await Refused(world, "START_SESSION_ERROR", "session", "start", new JsonObject { ["secret"] = "us3r", ["type"] = 2, ["partnerId"] = 102 }, null);
        await Refused(world, "INVALID_KS", "servernode", "list", [], await world.Session(102, type: 0, user: "someone"));
        await Refused(world, "SERVICE_FORBIDDEN", "livestream", "delete", Get(), await world.Session(102, type: 0, user: "someone"));
        await Refused(world, "SERVICE_FORBIDDEN", "livestream", "update", PlatformWorld.With(Get(), "liveStreamEntry", PlatformWorld.Typed("LiveStreamEntry")), await world.Widget(102));

        // Media servers do what is theirs, for whom it is theirs.
        await Refused(world, "SERVICE_FORBIDDEN", "livestream", "delete", PlatformWorld.With(Get(), "partnerId", 102), server);
        await Refused(world, "SERVICE_FORBIDDEN", "livestream", "authenticate", PlatformWorld.With(Get(), "token", "x"), other);
        await Refused(world, "SERVICE_FORBIDDEN", "livestream", "list", new JsonObject { ["partnerId"] = 102 }, other);
        await Refused(world, "SERVICE_FORBIDDEN", "permission", "add", PlatformWorld.Object("permission", "Permission", ("name", "MEDIA_SERVER_PARTNER_LEVEL")), other);
    }

    [Fact]
    public async Task A_session_that_was_ended_or_is_used_up_works_no_more()
    {
        await using var world = await PlatformWorld.Start();
        var (ended, group, sibling) = (await world.Session(102), await world.Session(102, privileges: "sessionid:g1"), await world.Session(102, privileges: "sessionid:g1,list:*"));
        await world.Call("livestream", "list", [], ended);
        await world.Call("session", "end", [], ended);
        Assert.Equal("-6", (string?)(await Refused(world, "INVALID_KS", "livestream", "list", [], ended))["args"]!["ERR_CODE"]);
        await world.Call("session", "end", [], group);
        Assert.Equal("-6", (string?)(await Refused(world, "INVALID_KS", "livestream", "list", [], sibling))["args"]!["ERR_CODE"]);

        var twice = await world.Session(102, privileges: "actionslimit:2");
        await world.Call("livestream", "list", [], twice);
        await world.Call("livestream", "list", [], twice);
        Assert.Equal("-8", (string?)(await Refused(world, "INVALID_KS", "livestream", "list", [], twice))["args"]!["ERR_CODE"]);

        // Also after a crash.
        await world.Server.Crash();
        await world.Server.StartAgain();
        Assert.Equal("-6", (string?)(await Refused(world, "INVALID_KS", "livestream", "list", [], ended))["args"]!["ERR_CODE"]);
        Assert.Equal("-8", (string?)(await Refused(world, "INVALID_KS", "livestream", "list", [], twice))["args"]!["ERR_CODE"]);

        foreach (var secret in new[] { PlatformWorld.Secret, ended, group, sibling, twice })
        {
            Assert.DoesNotContain(secret, world.Server.Log, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Hostile_requests_are_answered_and_cost_little()
    {
        await using var world = await PlatformWorld.Start();
        var ks = await world.Session(102);
        await world.Call("system", "ping", []);
        var before = world.Server.ResidentBytes;
        var deep = "{\"a\":" + new string('[', 1_000_000);
        var bomb = "<!DOCTYPE s [<!ENTITY a \"aaaaaaaaaa\">" + string.Concat(Enumerable.Range(0, 12).Select(at => $"<!ENTITY b{at} \"{string.Concat(Enumerable.Repeat(at == 0 ? "&a;" : $"&b{at - 1};", 10))}\">")) + "]><scenes>&b11;</scenes>";
        for (var round = 0; round < 20; round++)
        {
            Assert.Contains("INTERNAL_SERVERL_ERROR", await Post(world, "/api_v3/service/livestream/action/list", "application/json", deep + "}"), StringComparison.Ordinal);
            Assert.Contains("INTERNAL_SERVERL_ERROR", await Post(world, "/api_v3/?format=1", "application/x-www-form-urlencoded", string.Join('&', Enumerable.Range(0, 50_000).Select(at => $"x{at}:y=1"))), StringComparison.Ordinal);
            Assert.Contains("XML_INVALID", await Bulk(world, ks, bomb), StringComparison.Ordinal);
            var many = new JsonObject();
            for (var at = 1; at <= 500; at++)
            {
                many[at.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new JsonObject { ["service"] = "system", ["action"] = "ping" };
            }

            var answers = (await world.Try("multirequest", "null", many))!.AsArray();
            Assert.Equal((301, "INTERNAL_SERVERL_ERROR"), (answers.Count, PlatformWorld.Code(answers[^1])));
        }

        Console.WriteLine($"figure: memory of the server before and after 80 hostile requests: {before / 1_048_576} and {world.Server.ResidentBytes / 1_048_576} MiB");
        Assert.True(world.Server.ResidentBytes < before + 400L * 1_048_576);
        await world.Call("livestream", "list", [], ks);
    }

    static async Task<string> Post(PlatformWorld world, string url, string type, string body)
    {
        using var content = new StringContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return await world.Send(HttpMethod.Post, url, content);
    }

    static async Task<string> Bulk(PlatformWorld world, string ks, string xml)
    {
        using var form = new MultipartFormDataContent { { new StringContent(ks), "ks" }, { new StringContent("1"), "format" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(xml)), "fileData", "a.xml" } };
        return await world.Send(HttpMethod.Post, "/api_v3/service/cuepoint_cuepoint/action/addFromBulk", form);
    }

    static async Task<JsonNode> Refused(PlatformWorld world, string code, string service, string action, JsonObject parameters, string? ks)
    {
        var answer = await world.Try(service, action, parameters, ks);
        Assert.True(PlatformWorld.Code(answer) == code, $"{service}.{action}: {answer?.ToJsonString()}, not {code}");
        return answer!;
    }
}
