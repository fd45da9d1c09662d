using System.Net;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Tributary.EndToEnd.Harness;
using Tributary.EndToEnd.Platform;
using Tributary.EndToEnd.Recording;

namespace Tributary.EndToEnd.Vod;

/// <summary>What was recorded or uploaded plays by its id, in every form that the packager has, without any configuration.</summary>
public sealed class EntryTests
{
    // Fragments in HLS are an option of a location; everything else is there by default.
    static readonly Dictionary<string, string> Recorded = new()
    {
        ["Recording__Streams__*"] = "PerSession", ["Live__Hold"] = "00:00:02",
        ["Vod__Locations__0__Prefix"] = "/fmp4", ["Vod__Locations__0__Packager"] = "hls", ["Vod__Locations__0__Mode"] = "entries",
        ["Vod__Locations__0__Options__hls_container_format"] = "fmp4",
    };

    static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task A_recording_plays_by_its_id()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(Recorded);
        await using (var encoder = Ffmpeg.Publish(await SourceMedia.BFrames, server.Rtmp("kept")))
        {
            await encoder.Exits(Enough);
        }

        var entry = await server.RecordingIs("kept", "is ready", found => found.State == "Ready");
        var whole = await Pictures(await server.Download(entry));
        Assert.Equal(whole, await Pictures(server.Url($"/hls/{entry.Id}/master.m3u8").AbsoluteUri));
        Assert.Equal(whole, await Pictures(server.Url($"/fmp4/{entry.Id}/master.m3u8").AbsoluteUri));
        Assert.Equal(whole, await Pictures(server.Url($"/dash/{entry.Id}/manifest.mpd").AbsoluteUri));
        Assert.Equal(whole, await Pictures(server.Url($"/media/{entry.Id}").AbsoluteUri));
        Assert.Subset((await Ffmpeg.Streams(server.Url($"/hls/{entry.Id}/master.m3u8").AbsoluteUri)).ToHashSet(), new HashSet<string> { "audio/aac", "video/h264" });

        // ffmpeg cannot read Smooth Streaming: its manifest names fragments that are there.
        var manifest = XDocument.Parse(await server.Http.GetStringAsync($"/mss/{entry.Id}/manifest"));
        foreach (var index in manifest.Root!.Elements("StreamIndex"))
        {
            var (url, bitrate) = (index.Attribute("Url")!.Value, index.Element("QualityLevel")!.Attribute("Bitrate")!.Value);
            var fragment = await server.Http.GetByteArrayAsync($"/mss/{entry.Id}/{url.Replace("{bitrate}", bitrate, StringComparison.Ordinal).Replace("{start time}", "0", StringComparison.Ordinal)}");
            Assert.Equal("moof"u8.ToArray(), fragment[4..8]);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("/hls/1_nosuchid/master.m3u8")).StatusCode);
    }

    [SkippableFact]
    public async Task A_recording_with_a_change_of_configuration_is_two_clips()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new() { ["Live__Hold"] = "00:00:20" });
        var encoder = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("changing"));
        await server.IsPlayable("changing");
        (await server.Http.PostAsync("/api/v1/streams/changing/recording", null)).EnsureSuccessStatusCode();
        await server.RecordingIs("changing", "grows", found => found.Duration >= 3);
        encoder.Signal("INT");
        await encoder.Ends(TimeSpan.FromSeconds(10));
        await encoder.DisposeAsync();
        var before = (await server.Recording("changing"))!.Duration;
        await using var again = Ffmpeg.Publish(await SourceMedia.Long, server.Rtmp("changing"));
        await server.RecordingIs("changing", "goes on", found => found.Duration >= before + 4);
        (await server.Http.DeleteAsync("/api/v1/streams/changing/recording")).EnsureSuccessStatusCode();
        var entry = await server.RecordingIs("changing", "is ready", found => found.State == "Ready");

        var playlist = await server.Http.GetStringAsync($"/hls/{entry.Id}/index-v1-a1.m3u8");
        Assert.Equal(1, playlist.Split("#EXT-X-DISCONTINUITY\n").Length - 1);
        Assert.Contains("#EXT-X-ENDLIST", playlist, StringComparison.Ordinal);
        var sizes = new HashSet<string>();
        foreach (var segment in playlist.Split('\n').Where(line => line.Contains(".ts", StringComparison.Ordinal)))
        {
            sizes.Add((await ChildProcess.Run("ffprobe", ["-v", "error", "-select_streams", "v", "-show_entries", "stream=width", "-of", "csv=p=0", new Uri(server.Url($"/hls/{entry.Id}/"), segment).AbsoluteUri], Enough)).Split('\n')[0].Trim());
        }

        Assert.Equal(["192", "640"], sizes.Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task An_uploaded_entry_plays_where_its_manifest_leads()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start();
        var ks = await world.Session(102);
        var file = await Mp4(world.Files);
        var id = await Uploaded(world, ks, file);
        var pictures = await Pictures(file);

        foreach (var (format, path) in new[] { ("applehttp", $"/hls/{id}/master.m3u8"), ("mpegdash", $"/dash/{id}/manifest.mpd"), ("sl", $"/mss/{id}/manifest") })
        {
            var target = await Target(world, $"/p/102/sp/10200/playManifest/entryId/{id}/format/{format}/protocol/http/a");
            Assert.Equal(path, target.AbsolutePath);
            Assert.Equal(HttpStatusCode.OK, (await world.Server.Http.GetAsync(target)).StatusCode);
            if (format != "sl")
            {
                Assert.Equal(pictures, await Pictures(target.AbsoluteUri));
            }
        }
    }

    [SkippableFact]
    public async Task Rules_of_an_entry_count_at_the_packager_and_a_session_lets_in()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start(new() { ["Vod__EntryValid"] = "00:00:00.001" });
        var ks = await world.Session(102);
        var file = await Mp4(world.Files);
        var id = await Uploaded(world, ks, file);
        Assert.Equal(HttpStatusCode.OK, (await world.Server.Http.GetAsync($"/hls/{id}/master.m3u8")).StatusCode);

        var profile = PlatformWorld.Typed("AccessControlProfile", ("name", "sessions only"));
        var rule = PlatformWorld.Typed("Rule");
        rule["actions"] = new JsonArray(PlatformWorld.Typed("AccessControlBlockAction"));
        rule["conditions"] = new JsonArray(PlatformWorld.Typed("AuthenticatedCondition", ("not", true)));
        profile["rules"] = new JsonArray(rule);
        var rules = (int)(await world.Call("accesscontrolprofile", "add", new JsonObject { ["accessControlProfile"] = profile }, ks))!["id"]!;
        await world.Call("baseentry", "update", PlatformWorld.With(PlatformWorld.Object("baseEntry", "BaseEntry", ("accessControlId", rules)), "entryId", id), ks);

        Assert.Equal(HttpStatusCode.Forbidden, (await world.Server.Http.GetAsync($"/hls/{id}/master.m3u8")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await world.Server.Http.GetAsync($"/hls/{id}/seg-1-v1-a1.ts")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await world.Server.Http.GetAsync($"/hls/{id}/ticket/forged.ticket/master.m3u8")).StatusCode);
        var target = await Target(world, $"/p/102/sp/10200/playManifest/entryId/{id}/format/applehttp/protocol/http/ks/{ks}/a");
        Assert.DoesNotContain(ks, target.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(await Pictures(file), await Pictures(target.AbsoluteUri));
    }

    static async Task<string> Mp4(string folder)
    {
        var path = Path.Combine(folder, "upload.mp4");
        await ChildProcess.Run("ffmpeg", ["-nostdin", "-v", "error", "-i", await SourceMedia.Short, "-c", "copy", path], Enough);
        return path;
    }

    static async Task<string> Uploaded(PlatformWorld world, string ks, string file)
    {
        var id = (string)(await world.Call("media", "add", PlatformWorld.Object("entry", "MediaEntry", ("name", "film"), ("mediaType", 1)), ks))!["id"]!;
        var token = await world.Upload(ks, await File.ReadAllBytesAsync(file));
        await world.Call("media", "addContent", PlatformWorld.With(PlatformWorld.Object("resource", "UploadedFileTokenResource", ("token", token)), "entryId", id), ks);
        return id;
    }

    static async Task<Uri> Target(PlatformWorld world, string address)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = world.Server.Http.BaseAddress };
        using var answer = await http.GetAsync(address);
        Assert.True(answer.Headers.Location is not null, $"{(int)answer.StatusCode} {answer.Headers}");
        return answer.Headers.Location!;
    }

    static async Task<string[]> Pictures(string input)
    {
        var text = await ChildProcess.Run("ffmpeg", ["-nostdin", "-v", "error", "-i", input, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"], Enough);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(line => line.Split(',')[^1].Trim())];
    }
}
