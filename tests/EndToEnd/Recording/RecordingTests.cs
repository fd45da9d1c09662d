using System.Net.Http.Headers;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Recording;

/// <summary>What was published is what is recorded, and it plays at once.</summary>
public sealed class RecordingTests
{
    static readonly Dictionary<string, string> Recorded = new()
    {
        ["Recording__Streams__*"] = "PerSession", ["Live__Hold"] = "00:00:02",
    };

    [SkippableFact]
    public async Task Every_frame_is_in_the_recording()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(Recorded);
        var source = await SourceMedia.BFrames;
        await using (var encoder = Ffmpeg.Publish(source, server.Rtmp("whole")))
        {
            await encoder.Exits(TimeSpan.FromSeconds(60));
        }

        var entry = await server.RecordingIs("whole", "is ready", found => found.State == "Ready");
        Assert.Equal(20, entry.Duration, 0.2);

        // 1. As one file: the same coded frames with the same distances, and the same pictures.
        var download = await server.Download(entry);
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(download));
        Assert.Equal("", await Ffmpeg.DecodeErrors(download));
        foreach (var track in "va")
        {
            // A stream begins with a key frame: the encoder's first packet of sound, which is before it, is in no live segment either.
            var (sent, kept) = (await Ffmpeg.Packets(source, track), await Ffmpeg.Packets(download, track));
            Assert.InRange(sent.Length - kept.Length, 0, track == 'a' ? 2 : 0);
            sent = sent[(sent.Length - kept.Length)..];
            Assert.Equal(sent.Select(packet => packet.Hash), kept.Select(packet => packet.Hash));
            Assert.All(sent.Zip(kept), pair => Assert.Equal(
                pair.First.PtsMilliseconds - sent[0].PtsMilliseconds, pair.Second.PtsMilliseconds - kept[0].PtsMilliseconds, 1.1));
        }

        Assert.Equal(await Pictures(source), await Pictures(download));

        // 2. As HLS over byte ranges.
        var hls = server.Hls(entry).ToString();
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(hls));
        Assert.Equal(20, await RecordingApi.Probe(hls), 0.2);
        Assert.Equal(await Pictures(source), await Pictures(hls));

        // 3. A range of the file is that part of it.
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/recordings/{entry.Id}/download") { Headers = { Range = new RangeHeaderValue(5_000, 400_000) } };
        using var part = await server.Http.SendAsync(request);
        Assert.Equal(206, (int)part.StatusCode);
        Assert.Equal((await File.ReadAllBytesAsync(download))[5_000..400_001], await part.Content.ReadAsByteArrayAsync());
    }

    [SkippableFact]
    public async Task A_hook_hears_of_every_file_that_is_complete_and_finds_it_at_a_gateway()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var hooks = await HookProgram.Start();
        await using var server = await ServerProcess.Start(new(Recorded)
        {
            ["Recording__VolumeDuration"] = "00:00:05", ["Access__Hooks__0__Url"] = hooks.Url, ["Access__Hooks__0__Secret"] = "sixteen letters!",
            ["Access__Hooks__0__Tells__0"] = "Record", ["Access__Hooks__1__Url"] = hooks.Url, ["Access__Hooks__1__Shape"] = "Srs", ["Access__Hooks__1__Tells__0"] = "Record",
            ["Access__Hooks__1__Asks__0"] = "Play", ["Access__Hooks__1__WhenDown"] = "Allow",
        });
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Medium, server.Rtmp("heard"));
        foreach (var (track, kind) in new[] { ("-v1.mp4", "video/h264"), ("-a1.mp4", "audio/aac") })
        {
            var heard = await hooks.Hears($"a file {track}", body => body.TryGetProperty("event", out var what) && what.GetString() == "record"
                && body.GetProperty("file").GetString()!.EndsWith(track, StringComparison.Ordinal));
            Assert.Equal("heard", heard.GetProperty("stream").GetString());
            Assert.InRange(heard.GetProperty("seconds").GetDouble(), 4.5, 7.5);
            Assert.Equal([kind], await Ffmpeg.Streams(server.Url("/rec/" + heard.GetProperty("file").GetString()).ToString()));
        }

        await encoder.Exits(TimeSpan.FromSeconds(60));
        var last = await server.RecordingIs("heard", "is ready", found => found.State == "Ready");
        await hooks.Hears("the last file, as SRS says it", body => body.TryGetProperty("action", out var action) && action.GetString() == "on_dvr"
            && body.GetProperty("file").GetString()!.StartsWith(last.Id + "/", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Hls_js_plays_a_recording()
    {
        Tools.Require("ffmpeg");
        Tools.RequirePlayer("hls.js");
        await using var server = await ServerProcess.Start(Recorded);
        await using (var encoder = Ffmpeg.Publish(await SourceMedia.Medium, server.Rtmp("shown")))
        {
            await encoder.Exits(TimeSpan.FromSeconds(60));
        }

        var entry = await server.RecordingIs("shown", "is ready", found => found.State == "Ready");
        await using var browser = await Browser.Start();
        var page = await browser.Open(browser.PlayerAddress("hls.html", server.Hls(entry)));
        await page.Plays(TimeSpan.FromSeconds(30));
        // A browser asks the tests' own site for its icon; the player has nothing to complain of.
        Assert.DoesNotContain(page.Errors, error => error.Contains("hls.js", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_command_begins_and_ends_a_recording_and_a_new_configuration_goes_on_in_it()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new() { ["Live__Hold"] = "00:00:20" });
        var encoder = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("commanded"));
        await server.IsPlayable("commanded");
        Assert.Null(await server.Recording("commanded"));
        (await server.Http.PostAsync("/api/v1/streams/commanded/recording", null)).EnsureSuccessStatusCode();
        await server.RecordingIs("commanded", "grows", found => found.Duration >= 3);

        // The encoder comes back with another size, profile and B-frames.
        encoder.Signal("INT");
        await encoder.Ends(TimeSpan.FromSeconds(10));
        await encoder.DisposeAsync();
        var before = (await server.Recording("commanded"))!.Duration;
        await using var again = Ffmpeg.Publish(await SourceMedia.Long, server.Rtmp("commanded"));
        await server.RecordingIs("commanded", "goes on", found => found.Duration >= before + 4);
        (await server.Http.DeleteAsync("/api/v1/streams/commanded/recording")).EnsureSuccessStatusCode();
        var entry = await server.RecordingIs("commanded", "is ready", found => found.State == "Ready");
        var playlist = await server.Http.GetStringAsync($"/rec/{entry.Id}/index-v1.m3u8");
        Assert.Equal(2, playlist.Split("#EXT-X-MAP").Length - 1);
        Assert.Equal(1, playlist.Split("#EXT-X-DISCONTINUITY\n").Length - 1);
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(await server.Download(entry)));
        // The parser before ffmpeg's decoder does not hear of the second sample description, and says so as [NULL]; the decoder does.
        var errors = (await Ffmpeg.DecodeErrors(await server.Download(entry))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(errors, line => !line.StartsWith("[NULL @", StringComparison.Ordinal) && !line.Contains("Last message repeated", StringComparison.Ordinal));
        Assert.Single(await server.Recordings());

        (await server.Http.DeleteAsync($"/api/v1/recordings/{entry.Id}")).EnsureSuccessStatusCode();
        Assert.Equal(404, (int)(await server.Http.GetAsync($"/api/v1/recordings/{entry.Id}")).StatusCode);
    }

    // One hash per picture, whatever its time.
    static async Task<string[]> Pictures(string input)
    {
        var text = await ChildProcess.Run(
            "ffmpeg", ["-nostdin", "-v", "error", "-i", input, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"], TimeSpan.FromSeconds(60));
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(line => line.Split(',')[^1].Trim())];
    }
}
