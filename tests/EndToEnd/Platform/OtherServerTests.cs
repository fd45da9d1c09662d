using System.Net;
using System.Text.Json.Nodes;

namespace Tributary.EndToEnd.Platform;

/// <summary>Live entries that are streams of somebody else's server, here played by our own.</summary>
public sealed class OtherServerTests
{
    [Fact]
    public async Task A_manual_entry_is_on_air_while_its_address_answers_and_is_played_there()
    {
        await using var world = await PlatformWorld.Start(new() { ["Platform__InsideHosts__0"] = "127.0.0.1", ["Platform__OtherServerPatience"] = "00:00:30" });
        var ks = await world.Session(102);
        var (there, gone, inside) = (world.Server.Url("/livez"), world.Server.Url("/nothing/master.m3u8"), new UriBuilder(world.Server.Url("/livez")) { Host = "localhost" }.Uri);
        var answers = await Entry(world, ks, there);
        Assert.True(await IsLive(world, answers));
        Assert.True(await IsLive(world, answers, "hls"));
        Assert.False(await IsLive(world, await Entry(world, ks, gone)));
        Assert.False(await IsLive(world, await Entry(world, ks, inside)));   // a host inside that nobody listed
        Assert.Equal("LIVE_STREAM_STATUS_CANNOT_BE_DETERMINED", PlatformWorld.Code(await world.Try("livestream", "isLive", new JsonObject { ["id"] = answers, ["protocol"] = "mpegdash" })));

        var context = await world.Call("baseentry", "getPlaybackContext", new JsonObject { ["entryId"] = answers, ["contextDataParams"] = PlatformWorld.Typed("PlaybackContextOptions") }, ks);
        Assert.All(context!["sources"]!.AsArray(), source => Assert.Equal("applehttp", (string)source!["format"]!));
        Assert.Equal((HttpStatusCode.Redirect, there.AbsoluteUri), await Manifest(world, answers, "applehttp"));
        Assert.Equal((HttpStatusCode.NotFound, "error-52"), await Manifest(world, answers, "mpegdash"));
    }

    static async Task<string> Entry(PlatformWorld world, string ks, Uri address) => (string)(await world.Call("livestream", "add", new JsonObject
    {
        ["sourceType"] = "30",
        ["liveStreamEntry"] = PlatformWorld.Typed("LiveStreamEntry", ("name", "Elsewhere"), ("mediaType", 201), ("hlsStreamUrl", address.AbsoluteUri)),
    }, ks))!["id"]!;

    static async Task<bool> IsLive(PlatformWorld world, string entry, string protocol = "") =>
        (bool)(await world.Call("livestream", "isLive", new JsonObject { ["id"] = entry, ["protocol"] = protocol }))!;

    static async Task<(HttpStatusCode, string?)> Manifest(PlatformWorld world, string entry, string format)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var answer = await http.GetAsync(world.Server.Url($"/p/102/sp/10200/playManifest/entryId/{entry}/format/{format}/a.m3u8"));
        return (answer.StatusCode, answer.Headers.Location?.AbsoluteUri ?? answer.Headers.GetValues("X-Kaltura").Single());
    }
}
