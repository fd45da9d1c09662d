using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;
using Tributary.EndToEnd.Recording;

namespace Tributary.EndToEnd.Platform;

/// <summary>The life of a live entry on our own media server, from the encoder's first byte to the recording.</summary>
public sealed class KLiveTests
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    /// <summary>All encoders of the tests have one address: a refusal is not remembered for it.</summary>
    static readonly Dictionary<string, string> AskAlways = new() { ["KLive__RefusedFor"] = "00:00:00" };

    [SkippableFact]
    public async Task An_entry_is_published_with_its_token_is_live_and_leaves_a_recording_that_plays()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start(AskAlways);
        var ks = await world.Session(102);
        var entry = await NewEntry(world, ks, recordStatus: 1);

        // 1. On air: with the right token alone.
        await Refused(world, Url(world, entry, "wrong"), "token");
        Assert.Equal("0", (await Get(world, entry, ks))["liveStatus"]!.ToString());
        string recorded;
        await using (Ffmpeg.Publish(await SourceMedia.Medium, Url(world, entry, "right"), "-stream_loop", "-1"))
        {
            await IsLive(world, entry, true);
            var live = await Get(world, entry, ks);
            Assert.Equal("1", live["liveStatus"]!.ToString());
            recorded = (string)live["recordedEntryId"]!;
            Assert.Equal(7, (int)(await Media(world, recorded, ks))["status"]!);
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(world.Server.Url(Manifest(entry, "applehttp")).ToString()));
            await Refused(world, Url(world, entry, "right"), "publish");   // the name is taken
            await HasSyncPoints(world, entry);
            await HasPicture(world, entry);
            await IsInDiagnostics(world, entry);
            await Becomes(world, "some seconds are recorded", Soon, async () => (await world.Server.RecordingIs(entry, "is written", _ => true)).Duration > 4);
        }

        // 2. Off air, and what was sent is there.
        await IsLive(world, entry, false);
        var ready = await BecomesOne(world, "the recording is ready", Soon, async () =>
            await Media(world, recorded, ks) is var media && (int)media["status"]! == 2 ? media : null);
        Assert.InRange((int)ready["msDuration"]!, 4_000, 60_000);
        Assert.Equal(entry, (string)ready["rootEntryId"]!);
        var file = world.Server.Url(Manifest(recorded, "url")).ToString();
        await HasPicturesOfItsTimes(world, recorded);
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(file));
        Assert.Equal("", await Ffmpeg.DecodeErrors(file));
        Assert.Equal((string)(await Get(world, entry, ks))["redirectEntryId"]!, recorded);

        // 3. The journal was handed over, not copied for good; and the entry goes.
        await Becomes(world, "the journal is gone", Soon, async () => await world.Server.Http.GetStringAsync("/api/v1/recordings") == "[]");
        await world.Call("livestream", "delete", new JsonObject { ["entryId"] = entry }, ks);
        Assert.Equal("INVALID_ENTRY_ID", PlatformWorld.Code(await world.Try("livestream", "isLive", new JsonObject { ["id"] = entry })));
    }

    [SkippableFact]
    public async Task Every_frame_is_in_the_recorded_entry()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start();
        var ks = await world.Session(102);
        var entry = await NewEntry(world, ks, recordStatus: 2);
        var source = await SourceMedia.BFrames;
        await using (var encoder = Ffmpeg.Publish(source, Url(world, entry, "right")))
        {
            await encoder.Exits(TimeSpan.FromSeconds(60));
        }

        var recorded = (string)(await Get(world, entry, ks))["recordedEntryId"]!;
        await Becomes(world, "the recording is ready", Soon, async () => (int)(await Media(world, recorded, ks))["status"]! == 2);
        var file = world.Server.Url(Manifest(recorded, "url")).ToString();
        foreach (var track in "va")
        {
            // A stream begins with a key frame: the encoder's first packet of sound, which is before it, is in no live segment either.
            var (sent, kept) = (await Ffmpeg.Packets(source, track), await Ffmpeg.Packets(file, track));
            Assert.InRange(sent.Length - kept.Length, 0, track == 'a' ? 2 : 0);
            Assert.Equal(sent[(sent.Length - kept.Length)..].Select(packet => packet.Hash), kept.Select(packet => packet.Hash));
        }
    }

    [SkippableFact]
    public async Task Sessions_are_appended_in_order_and_once_also_over_a_crash()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start(new() { ["Recording__VolumeDuration"] = "00:00:02" });
        var ks = await world.Session(102);
        var entry = await NewEntry(world, ks, recordStatus: 1);

        // 1. A session of several pieces, and a crash in the midst of it.
        string recorded;
        await using (Ffmpeg.Publish(await SourceMedia.Medium, Url(world, entry, "right"), "-stream_loop", "-1"))
        {
            await IsLive(world, entry, true);
            recorded = (string)(await Get(world, entry, ks))["recordedEntryId"]!;
            await Becomes(world, "two pieces are with the platform", Soon, async () => await Duration(world, recorded, ks) > 4_000);
            await world.Server.Crash();
        }

        await world.Server.StartAgain();
        ks = await world.Session(102);
        var before = await BecomesOne(world, "what the crash left is with the platform", Soon, async () => world.Server.Log.Contains("is repaired", StringComparison.Ordinal)
            && await Waiting(world) == 0 ? new { Milliseconds = await Duration(world, recorded, ks) } : null);

        await IsLive(world, entry, false);

        // 2. Another session goes on in the same recording.
        await using (Ffmpeg.Publish(await SourceMedia.Medium, Url(world, entry, "right"), "-stream_loop", "-1"))
        {
            await IsLive(world, entry, true);
            Assert.Equal(recorded, (string)(await Get(world, entry, ks))["recordedEntryId"]!);
            await Becomes(world, "a piece of the second session is with the platform", Soon, async () => await Duration(world, recorded, ks) > before.Milliseconds + 1_000);
        }

        await IsLive(world, entry, false);
        await Becomes(world, "the second session is with the platform", Soon, async () =>
            await Duration(world, recorded, ks) > before.Milliseconds + 1_000 && world.Server.Log.Contains("last: True", StringComparison.Ordinal) && await Waiting(world) == 0);

        // 3. Each piece once, in order.
        var asset = (await world.Call("flavorasset", "getByEntryId", new JsonObject { ["entryId"] = recorded }, ks))!.AsArray().Single()!;
        Assert.Equal("32", asset["flavorParamsId"]!.ToString());
        var pieces = Directory.GetFiles(Path.Combine(world.Server.Data, "platform/content/assets"), $"{asset["id"]}_p*.mp4", SearchOption.AllDirectories);
        var seconds = 0.0;
        foreach (var piece in pieces)
        {
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(piece));
            seconds += await RecordingApi.Probe(piece);
        }

        Assert.Equal(Enumerable.Range(0, pieces.Length).Select(number => $"{asset["id"]}_p{number}.mp4").Order(StringComparer.Ordinal), pieces.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(seconds * 1_000, await Duration(world, recorded, ks), 100.0);
    }

    [SkippableFact]
    public async Task A_name_that_is_no_entry_is_a_plain_stream_and_an_entry_is_none()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start(AskAlways);
        var ks = await world.Session(102);
        var entry = await NewEntry(world, ks, recordStatus: 0);
        await using (Ffmpeg.Publish(await SourceMedia.Short, $"rtmp://127.0.0.1:{world.Server.RtmpPort}/kLive?p=102&e=studio&i=0&t=x/studio_1"))
        {
            await world.Server.IsPlayable("studio");
        }

        await Refused(world, world.Server.Rtmp(entry), "is an entry of the platform");
        await Refused(world, Url(world, entry, "right").Replace("p=102", "p=103", StringComparison.Ordinal), "is not one of partner 103");
    }

    // In both forms of HLS: a stream of timed metadata, and a message before the first chunk of a segment.
    static async Task HasSyncPoints(PlatformWorld world, string entry)
    {
        Assert.Contains("data/timed_id3", await Ffmpeg.Streams(world.Server.TsMaster(entry).ToString()));
        var master = await world.Server.Http.GetStringAsync(world.Server.Master(entry));
        var variant = new Uri(world.Server.Master(entry), master.Split('\n').First(line => line.Length > 0 && line[0] != '#'));
        var segment = (await world.Server.Http.GetStringAsync(variant)).Split('\n').First(line => line.Length > 0 && line[0] != '#');
        var bytes = await world.Server.Http.GetByteArrayAsync(new Uri(variant, segment));
        Assert.Equal("emsg"u8.ToArray(), bytes[4..8]);
        Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes($"\"id\":\"{entry}_1_")) > 0, "the point names the segment");
    }

    // Of what is on air, 640 by 360.
    static async Task HasPicture(PlatformWorld world, string entry)
    {
        var address = world.Server.Url($"/p/102/sp/10200/thumbnail/entry_id/{entry}/width/160").ToString();
        using var answer = await world.Server.Http.GetAsync(address);
        Assert.Equal("image/jpeg", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("160,90", await SizeOf(address));
        await IsServedInSizes(world, entry, await answer.Content.ReadAsByteArrayAsync());
    }

    // Of a recording, 640 by 360: at a time, at a slice, and all slices beside each other.
    static async Task HasPicturesOfItsTimes(PlatformWorld world, string entry)
    {
        string At(string rest) => world.Server.Url($"/p/102/sp/10200/thumbnail/entry_id/{entry}/width/80/{rest}").ToString();
        Assert.Equal("80,45", await SizeOf(At("")));
        Assert.Equal("80,45", await SizeOf(At("vid_sec/2")));
        Assert.Equal("320,45", await SizeOf(At("vid_slices/4")));
        Assert.NotEqual(await world.Server.Http.GetByteArrayAsync(At("vid_slices/4/vid_slice/0")), await world.Server.Http.GetByteArrayAsync(At("vid_slices/4/vid_slice/3")));
    }

    static async Task<string> SizeOf(string address) =>
        (await ChildProcess.Run("ffprobe", ["-v", "error", "-of", "csv=p=0", "-show_entries", "stream=width,height", "-f", "jpeg_pipe", address], Soon)).Trim();

    // An uploaded picture, as it is and as its parameters say.
    static async Task IsServedInSizes(PlatformWorld world, string entry, byte[] jpeg)
    {
        var ks = await world.Session(102);
        using var form = new MultipartFormDataContent { { new StringContent(entry), "entryId" }, { new StringContent(ks), "ks" }, { new StringContent("1"), "format" }, { new ByteArrayContent(jpeg), "fileData", "a.jpg" } };
        var id = (string)JsonNode.Parse(await world.Send(HttpMethod.Post, "/api_v3/service/thumbasset/action/addFromImage", form))!["id"]!;
        async Task<string> Url(JsonNode? wanted) => (string)(await world.Call("thumbasset", "getUrl", new JsonObject { ["id"] = id, ["thumbParams"] = wanted }, ks))!;
        Assert.Equal("160,90", await SizeOf(await Url(null)));
        Assert.Equal("80,45", await SizeOf(await Url(PlatformWorld.Typed("ThumbParams", ("width", 80), ("cropType", 1)))));
        Assert.Equal("64,64", await SizeOf(await Url(PlatformWorld.Typed("ThumbParams", ("width", 64), ("height", 64), ("cropType", 3)))));
    }

    static async Task IsInDiagnostics(PlatformWorld world, string entry)
    {
        async Task<JsonObject> Ask(string command) => JsonNode.Parse(await world.Server.Http.GetStringAsync($"/diagnostics/{command}"))!.AsObject();
        var shown = (await Ask("entries"))[entry]!;
        var (input, output) = (shown["inputs"]!["0"]!, Assert.Single(shown["outputs"]!.AsObject()));
        var (encoder, properties) = (input["Encoder"]!, input["Properties"]!);
        Assert.Equal(("1", "H.264", 640, 360), (output.Key, (string)output.Value!["Encoder"]!["videoCodec"]!, (int)output.Value["Encoder"]!["width"]!, (int)output.Value["Encoder"]!["height"]!));
        Assert.InRange((int)output.Value["IOPerformance"]!["bitrate"]!, 1, 100_000);   // in kbit/s
        Assert.Equal("H.264", (string)encoder["videoCodec"]!);
        Assert.Equal("7", (string)encoder["videocodecid"]!);   // as the encoder says it
        Assert.True((int)encoder["videoBitrate"]! > 0 && (int)encoder["audioBitrate"]! > 0 && (int)input["IOPerformance"]!["bitrate"]! > 0, input.ToJsonString());
        Assert.InRange((long)encoder["syncPTSData"]!["systemTime"]!, DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds());
        Assert.Equal("127.0.0.1", (string)properties["IP"]!);
        Assert.InRange((double)properties["pingRoundTripTime"]!, 0, 60_000);
        var info = await Ask("info");
        Assert.Equal(1, (int)info["inputStreamsCount"]!);
        Assert.InRange((double)info["cpuUsage"]!, 0, 100);
        Assert.Contains((await Ask("errors")).Select(pair => (string)pair.Value!["message"]!), message => message.Contains("token", StringComparison.OrdinalIgnoreCase));
        Assert.NotNull((await Ask("killConnection?clientId=none"))["Error"]);
        Assert.Contains("killConnection", (string)(await Ask("other"))["Error"]!, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_is_explicit_live_is_a_preview_until_its_presenter_says_otherwise()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start(new() { ["KLive__RegisterEvery"] = "00:00:01" });
        var ks = await world.Session(102);
        var entry = await NewEntry(world, ks, recordStatus: 1, explicitLive: true);
        async Task<bool> Live(string? session) => (bool)(await world.Call("livestream", "isLive", new JsonObject { ["id"] = entry }, session))!;
        async Task<int> Manifest() => (int)(await world.Server.Http.GetAsync(KLiveTests.Manifest(entry, "applehttp"), HttpCompletionOption.ResponseHeadersRead)).StatusCode;
        async Task<string> Details() => (await world.Call("livestream", "getDetails", new JsonObject { ["id"] = entry }, ks))!["broadcastStatus"]!.ToString();

        await using (Ffmpeg.Publish(await SourceMedia.Medium, Url(world, entry, "right"), "-stream_loop", "-1"))
        {
            // 1. A preview: for who may edit it, and recorded for nobody.
            await Becomes(world, "those who may see previews see it", Soon, () => Live(ks));
            Assert.False(await Live(null));
            Assert.False(await Live(await world.Session(102, privileges: "restrictexplicitliveview")));
            Assert.Equal((404, "2", 0), (await Manifest(), await Details(), (int)(await Get(world, entry, ks))["recordingStatus"]!));
            Assert.Equal("[]", await world.Server.Http.GetStringAsync("/api/v1/recordings"));

            // 2. Shown to all, and recorded.
            var shown = PlatformWorld.Object("liveStreamEntry", "LiveStreamEntry", ("viewMode", 1), ("recordingStatus", 2));
            await world.Call("livestream", "update", PlatformWorld.With(shown, "entryId", entry), ks);
            Assert.True(await Live(null));
            Assert.Equal("3", await Details());
            Assert.NotEqual(404, await Manifest());
            await Becomes(world, "it is recorded", Soon, async () => await world.Server.Http.GetStringAsync("/api/v1/recordings") != "[]");
        }

        // 3. Off air it is a preview again.
        await Becomes(world, "off air", Soon, async () => !await Live(ks));
        Assert.Equal(0, (int)(await Get(world, entry, ks))["viewMode"]!);
    }

    [SkippableFact]
    public async Task The_encoder_of_an_entry_that_is_deleted_or_of_a_partner_that_is_blocked_is_cut_off_at_once()
    {
        Tools.Require("ffmpeg");
        await using var world = await PlatformWorld.Start(new() { ["KLive__RegisterEvery"] = "01:00:00" });   // by then nobody would wait any more
        var ks = await world.Session(102);
        await IsCutOff(world, ks, entry => world.Call("livestream", "delete", new JsonObject { ["entryId"] = entry }, ks));
        await IsCutOff(world, ks, entry => world.Call("livestream", "regenerateStreamToken", new JsonObject { ["entryId"] = entry }, ks));

        // Who runs the platform blocks a partner, and nobody else does.
        JsonObject Status(int status) => new() { ["id"] = 102, ["status"] = status };
        Assert.Equal("SERVICE_FORBIDDEN", PlatformWorld.Code(await world.Try("varconsole_varconsole", "updateStatus", Status(2), ks)));
        var console = await world.Session(-2);
        await IsCutOff(world, ks, _ => world.Call("varconsole_varconsole", "updateStatus", Status(2), console));
        Assert.Equal("SERVICE_FORBIDDEN_CONTENT_BLOCKED", PlatformWorld.Code(await world.Try("livestream", "list", [], ks)));
        await world.Call("varconsole_varconsole", "updateStatus", Status(1), console);
        Assert.Null(PlatformWorld.Code(await world.Try("livestream", "list", [], ks)));
    }

    static async Task IsCutOff(PlatformWorld world, string ks, Func<string, Task> act)
    {
        var entry = await NewEntry(world, ks, recordStatus: 0);
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Medium, Url(world, entry, "right"), "-stream_loop", "-1");
        await IsLive(world, entry, true);
        await act(entry);
        Assert.NotEqual(0, await encoder.Ends(Soon));
    }

    static async Task<string> NewEntry(PlatformWorld world, string ks, int recordStatus, bool explicitLive = false) => (string)(await world.Call("livestream", "add", new JsonObject
    {
        ["sourceType"] = "32",
        ["liveStreamEntry"] = PlatformWorld.Typed("LiveStreamEntry", ("name", "Show"), ("mediaType", 201), ("streamPassword", "right"), ("recordStatus", recordStatus), ("explicitLive", explicitLive ? 1 : 0)),
    }, ks))!["id"]!;

    static string Url(PlatformWorld world, string entry, string token) => $"rtmp://127.0.0.1:{world.Server.RtmpPort}/kLive?p=102&e={entry}&i=0&t={token}/{entry}_1";

    static string Manifest(string entry, string format) => $"/p/102/sp/10200/playManifest/entryId/{entry}/format/{format}/protocol/http/a.m3u8";

    static async Task Refused(PlatformWorld world, string url, string why)
    {
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Short, url);
        Assert.NotEqual(0, await encoder.Ends(TimeSpan.FromSeconds(30)));
        Assert.Contains(why, world.Server.Log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("t=right", world.Server.Log, StringComparison.Ordinal);
    }

    static async Task IsLive(PlatformWorld world, string entry, bool expected)
    {
        await Becomes(world, $"the entry's isLive is {expected}", Soon, async () => (bool)(await world.Call("livestream", "isLive", new JsonObject { ["id"] = entry }))! == expected);
    }

    static Task<string> Becomes(PlatformWorld world, string what, TimeSpan within, Func<Task<bool>> ask) => BecomesOne(world, what, within, async () => await ask() ? "yes" : null);

    static async Task<T> BecomesOne<T>(PlatformWorld world, string what, TimeSpan within, Func<Task<T?>> ask)
        where T : class
    {
        try
        {
            return await Eventually.Get(what, within, ask);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\n{world.Server.LogTail}", timeout);
        }
    }

    static async Task<JsonObject> Get(PlatformWorld world, string entry, string ks) => (await world.Call("livestream", "get", new JsonObject { ["entryId"] = entry }, ks))!.AsObject();

    static async Task<JsonObject> Media(PlatformWorld world, string entry, string ks) => (await world.Call("media", "get", new JsonObject { ["entryId"] = entry }, ks))!.AsObject();

    static async Task<int> Duration(PlatformWorld world, string entry, string ks) => (int)(await Media(world, entry, ks))["msDuration"]!;

    static async Task<int> Waiting(PlatformWorld world)
    {
        var metrics = await world.Server.Http.GetStringAsync("/metrics");
        var line = metrics.Split('\n').First(line => line.StartsWith("tributary_klive_pieces_waiting", StringComparison.Ordinal));
        return (int)double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
