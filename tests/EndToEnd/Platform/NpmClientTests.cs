using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Platform;

/// <summary>A live entry's whole life through the client that integrators use, and an encoder that they use.</summary>
[Collection(Alone.Name)]
public sealed class NpmClientTests
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task The_life_of_a_live_entry()
    {
        Tools.Require("ffmpeg", "ffprobe", Tools.Chromium);
        await using var world = await PlatformWorld.Start();
        await using var client = NpmClient.Start(world.Server.Http.BaseAddress!);

        // 1. Session, profile, entry.
        await client.SetKs((string)(await client.Call("session", "start", PlatformWorld.Secret, "admin@example.net", 2, 102))!);
        var profile = await client.Call("conversionProfile", "add", Of("ConversionProfile", ("name", "As it comes"), ("type", "2"), ("flavorParamsIds", "32,42")));
        var entry = await client.Call("liveStream", "add", Of(
            "LiveStreamEntry", ("name", "Morning show"), ("mediaType", 201), ("streamPassword", "dj94kfit"), ("recordStatus", 1), ("conversionProfileId", (int)profile!["id"]!)), "32");
        var id = (string)entry!["id"]!;
        Assert.False((bool)(await client.Call("liveStream", "isLive", id))!);

        // 2. The encoder publishes where the entry says.
        string recorded;
        await using (Ffmpeg.Publish(await SourceMedia.Medium, $"{entry["primaryBroadcastingUrl"]}/{id}_1", "-stream_loop", "-1"))
        {
            await Becomes(world, "live", async () => (bool)(await client.Call("liveStream", "isLive", id))!);
            var live = await client.Call("liveStream", "get", id);
            recorded = (string)live!["recordedEntryId"]!;
            Assert.Equal("CANNOT_UPDATE_FIELDS_WHILE_ENTRY_BROADCASTING", await client.Error("liveStream", "update", id, Of("LiveStreamEntry", ("recordStatus", 0))));
            var onAir = await client.Call("liveStream", "listAction", Of("LiveStreamEntryFilter", ("isLive", 1)));
            Assert.Equal(id, (string)Assert.Single(onAir!["objects"]!.AsArray())!["id"]!);
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(Url(live["liveStreamConfigurations"]!.AsArray().First(one => (string)one!["protocol"]! == "hls")!["url"]!)));
            await Becomes(world, "recorded for some seconds", async () => (await Recording.RecordingApi.RecordingIs(world.Server, id, "is written", _ => true)).Duration > 3);
        }

        // 3. Off air; what was sent is an entry that plays.
        await Becomes(world, "off air", async () => !(bool)(await client.Call("liveStream", "isLive", id))!);
        await Becomes(world, "recorded", async () => (int)(await client.Call("media", "get", recorded))!["status"]! == 2);
        var vod = await client.Call("media", "get", recorded);
        Assert.Equal((id, 36), ((string)vod!["rootEntryId"]!, int.Parse(vod["sourceType"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture)));
        Assert.InRange((int)vod["msDuration"]!, 3_000, 120_000);
        var played = await client.Call("baseEntry", "listAction", Of("BaseEntryFilter", ("redirectFromEntryId", id)));
        Assert.Equal(recorded, (string)Assert.Single(played!["objects"]!.AsArray())!["id"]!);
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(Url(vod["dataUrl"]!)));

        // 4. In a browser, by the address that the entry names for HLS.
        await using (var browser = await Browser.Start())
        {
            var manifest = Url(vod["dataUrl"]!).Replace("/format/url/a.mp4", "/format/applehttp/a.m3u8", StringComparison.Ordinal);
            var page = await browser.Open(browser.PlayerAddress("hls.html", new Uri(manifest)));
            var state = await page.Plays(Soon);
            Assert.True(state.Width > 0 && state.Frames > 0, $"no picture: {state}");
            Assert.Empty(page.Errors);
        }

        // 5. Deleted.
        await client.Call("liveStream", "deleteAction", id);
        await client.Call("media", "deleteAction", recorded);
        Assert.Equal("INVALID_ENTRY_ID", await client.Error("liveStream", "isLive", id));
        Assert.Equal("ENTRY_ID_NOT_FOUND", await client.Error("media", "get", recorded));
    }

    static string Url(JsonNode url) => url.ToString();

    static JsonObject Of(string type, params (string Name, JsonNode? Value)[] values)
    {
        var made = new JsonObject { ["objectType"] = type };
        foreach (var (name, value) in values)
        {
            made[name] = value;
        }

        return made;
    }

    static async Task Becomes(PlatformWorld world, string what, Func<Task<bool>> ask)
    {
        try
        {
            await Eventually.IsTrue($"the entry is {what}", Soon, ask);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\n{world.Server.LogTail}", timeout);
        }
    }
}
