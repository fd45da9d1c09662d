using System.Globalization;
using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;
using Tributary.EndToEnd.Recording;

namespace Tributary.EndToEnd.Platform;

/// <summary>
/// Two clusters: one is the platform, the other is a media server of it over HTTP, as a site of one partner that uploads its recordings, or as one of every
/// partner's on a shared disk. The platform's outage in the midst of a stream costs nothing.
/// </summary>
public sealed class RemoteModeTests
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40), Whole = TimeSpan.FromSeconds(150);

    [SkippableFact]
    public Task A_platform_that_is_away_in_the_midst_of_a_partners_stream_costs_nothing() => Outage(102);

    /// <summary>The same for a media server of every partner, on a shared disk. (Other classes run beside this one.)</summary>
    public sealed class OnASharedDisk
    {
        [SkippableFact]
        public Task A_platform_that_is_away_in_the_midst_of_a_stream_costs_nothing() => Outage(-5);
    }

    static async Task Outage(int partner)
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start();
        await using var edge = await MediaServer(world, partner);
        var ks = await world.Session(102);
        var entry = await NewEntry(world, ks);
        var source = await SourceMedia.Plain;

        // 1. On air at the other cluster, which the platform's manifest leads to.
        await using var encoder = Ffmpeg.Publish(source, Url(edge, entry, "right"));
        await IsLive(world, edge, entry);
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(world.Server.Url(Manifest(entry)).ToString()));
        var recorded = (string)(await Get(world, "livestream", entry, ks))["recordedEntryId"]!;
        await Becomes(world, edge, "a piece is with the platform", async () => (int)(await Get(world, "media", recorded, ks))["status"]! == 2);

        // 2. The platform is gone; the stream is not, and its pieces wait.
        await world.Server.Crash();
        var (seen, waiting) = (await LastSegment(edge, entry), await Waiting(edge));
        await Becomes(world, edge, "the stream goes on and pieces wait", async () => await LastSegment(edge, entry) > seen + 2 && await Waiting(edge) > waiting + 1);
        Assert.False(encoder.HasExited);

        // 3. It is back: on air, and in the end every frame is there, once and in order.
        await world.Server.StartAgain();
        ks = await world.Session(102);
        var registered = await Registered(world, entry, ks);
        await Becomes(world, edge, "the entry is registered again", async () => await Registered(world, entry, ks) > registered);
        await IsLive(world, edge, entry);
        await encoder.Exits(Whole);
        await Becomes(world, edge, "the recording is whole", async () => edge.Log.Contains("last: True", StringComparison.Ordinal) && await Waiting(edge) == 0);
        Assert.Equal(recorded, (string)(await Get(world, "livestream", entry, ks))["recordedEntryId"]!);
        Assert.Equal(2, (int)(await Get(world, "media", recorded, ks))["status"]!);
        var pieces = await Pieces(world, recorded, ks);
        foreach (var track in "va")
        {
            var (sent, kept) = (await Hashes([source], track), await Hashes(pieces, track));
            Assert.InRange(sent.Length - kept.Length, 0, track == 'a' ? 2 : 0);   // sound before the first picture is in no segment
            Assert.Equal(sent[(sent.Length - kept.Length)..], kept);
        }

        AssertNoSecret(world, edge);
    }

    /// <summary>Both are gone for a while.</summary>
    public sealed class AfterACrash
    {
        [SkippableFact]
        public Task Nothing_that_was_recorded_is_lost() => Crash();
    }

    static async Task Crash()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start();
        await using var edge = await MediaServer(world, 102);
        var ks = await world.Session(102);
        var entry = await NewEntry(world, ks);
        var source = await SourceMedia.Medium;

        // 1. Pieces wait for the platform, and then their node is killed; its encoder comes back to it, which knows it.
        string recorded;
        await using (Ffmpeg.Publish(source, Url(edge, entry, "right"), "-stream_loop", "-1"))
        {
            await IsLive(world, edge, entry);
            recorded = (string)(await Get(world, "livestream", entry, ks))["recordedEntryId"]!;
            await world.Server.Crash();
            await Becomes(world, edge, "pieces wait", async () => await Waiting(edge) > 1);
            await edge.Crash();
        }

        await edge.StartAgain();
        await using (Ffmpeg.Publish(source, Url(edge, entry, "right"), "-stream_loop", "-1"))
        {
            var before = await Waiting(edge);
            await Becomes(world, edge, "pieces of the second session wait", async () => await Waiting(edge) > before + 1);
            await world.Server.StartAgain();
            await IsLive(world, edge, entry);
        }

        // 2. Each piece is with the platform, once and in order: what is played is a run of the source's frames, broken where the node was killed.
        ks = await world.Session(102);
        await Becomes(world, edge, "the recording is with the platform", async () => edge.Log.Contains("last: True", StringComparison.Ordinal) && await Waiting(edge) == 0);
        var pieces = await Pieces(world, recorded, ks);
        var seconds = 0.0;
        foreach (var piece in pieces)
        {
            seconds += await RecordingApi.Probe(piece);
        }

        Assert.Equal(seconds * 1_000, (int)(await Get(world, "media", recorded, ks))["msDuration"]!, 100.0);
        var (sent, kept) = (await Hashes([source], 'v'), await Hashes(pieces, 'v'));
        Assert.InRange(Breaks(kept, sent), 0, 1);
    }

    /// <summary>What the other cluster's platform does not want on air any more.</summary>
    public sealed class Unwanted
    {
        [SkippableFact]
        public Task An_entry_that_is_deleted_there_or_whose_partner_is_blocked_loses_its_encoder_soon() => Cut();
    }

    static async Task Cut()
    {
        Tools.Require("ffmpeg");
        await using var world = await PlatformWorld.Start();
        await using var edge = await MediaServer(world, 102, new() { ["KLive__RegisterEvery"] = "01:00:00", ["KLive__WatchEvery"] = "00:00:01" });
        var (ks, console) = (await world.Session(102), await world.Session(-2));
        foreach (var act in new Func<string, Task>[]
        {
            entry => world.Call("livestream", "delete", new JsonObject { ["entryId"] = entry }, ks),
            _ => world.Call("varconsole_varconsole", "updateStatus", new JsonObject { ["id"] = 102, ["status"] = 2 }, console),
        })
        {
            var entry = await NewEntry(world, ks);
            await using var encoder = Ffmpeg.Publish(await SourceMedia.Medium, Url(edge, entry, "right"), "-stream_loop", "-1");
            await IsLive(world, edge, entry);
            await act(entry);
            Assert.NotEqual(0, await encoder.Ends(Soon));
        }
    }

    // How often the next picture is not the source's next.
    static int Breaks(string[] kept, string[] sent)
    {
        var next = sent.Select((hash, at) => (hash, At: at)).GroupBy(pair => pair.hash).ToDictionary(group => group.Key, group => group.Select(pair => sent[(pair.At + 1) % sent.Length]).ToHashSet());
        return kept.Zip(kept.Skip(1)).Count(pair => !next[pair.First].Contains(pair.Second));
    }

    static Task<ServerProcess> MediaServer(PlatformWorld world, int partner, Dictionary<string, string>? also = null)
    {
        var settings = new Dictionary<string, string>
        {
            ["Platform__Enabled"] = "false", ["Recording__VolumeDuration"] = "00:00:02", ["KLive__HostName"] = $"edge-{Math.Abs(partner)}", ["KLive__RegisterEvery"] = "00:00:02",
            ["KLive__RetryAfter"] = "00:00:01", ["KLive__Platform__CircuitOpenFor"] = "00:00:01", ["KLive__Platform__Url"] = world.Server.Http.BaseAddress!.ToString(),
            ["KLive__Platform__Partner"] = partner.ToString(CultureInfo.InvariantCulture), ["KLive__Platform__AdminSecret"] = PlatformWorld.Secret, ["KLive__Platform__ChunkBytes"] = "65536",
        };
        if (partner < 0)
        {
            settings["KLive__Platform__SharedFolder"] = world.Files;
        }

        foreach (var (name, value) in also ?? [])
        {
            settings[name] = value;
        }

        return ServerProcess.Start(settings);
    }

    static async Task<string> NewEntry(PlatformWorld world, string ks) => (string)(await world.Call("livestream", "add", new JsonObject
    {
        ["sourceType"] = "32",
        ["liveStreamEntry"] = PlatformWorld.Typed("LiveStreamEntry", ("name", "Show"), ("mediaType", 201), ("streamPassword", "right"), ("recordStatus", 1)),
    }, ks))!["id"]!;

    static string Url(ServerProcess edge, string entry, string token) => $"rtmp://127.0.0.1:{edge.RtmpPort}/kLive?p=102&e={entry}&i=0&t={token}/{entry}_1";

    static string Manifest(string entry) => $"/p/102/sp/10200/playManifest/entryId/{entry}/format/applehttp/protocol/http/a.m3u8";

    static async Task<JsonObject> Get(PlatformWorld world, string service, string entry, string ks) =>
        (await world.Call(service, "get", new JsonObject { ["entryId"] = entry }, ks))!.AsObject();

    static Task IsLive(PlatformWorld world, ServerProcess edge, string entry) => Becomes(
        world, edge, "the entry is live", async () => (bool)(await world.Call("livestream", "isLive", new JsonObject { ["id"] = entry }))!);

    // When the media server was heard last, in unix seconds.
    static async Task<long> Registered(PlatformWorld world, string entry, string ks)
    {
        var filter = PlatformWorld.Object("filter", "LiveEntryServerNodeFilter", ("entryIdEqual", entry));
        var rows = (await world.Call("entryservernode", "list", filter, ks))!["objects"]!.AsArray();
        return rows.Count == 0 ? 0 : (long)rows[0]!["updatedAt"]!;
    }

    static async Task<long> LastSegment(ServerProcess edge, string entry)
    {
        var master = await edge.Http.GetStringAsync(edge.Master(entry));
        var variant = master.Split('\n').First(line => line.Length > 0 && line[0] != '#');
        var list = (await edge.Http.GetStringAsync(new Uri(edge.Master(entry), variant))).Split('\n');
        var first = list.First(line => line.StartsWith("#EXT-X-MEDIA-SEQUENCE:", StringComparison.Ordinal));
        return long.Parse(first.Split(':')[1], CultureInfo.InvariantCulture) + list.Count(line => line.StartsWith("#EXTINF", StringComparison.Ordinal));
    }

    static async Task<int> Waiting(ServerProcess edge)
    {
        var line = (await edge.Http.GetStringAsync("/metrics")).Split('\n').First(line => line.StartsWith("tributary_klive_pieces_waiting", StringComparison.Ordinal));
        return (int)double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
    }

    // The platform's own files, in the order of its numbers; each number is there.
    static async Task<string[]> Pieces(PlatformWorld world, string recorded, string ks)
    {
        var asset = (await world.Call("flavorasset", "getByEntryId", new JsonObject { ["entryId"] = recorded }, ks))!.AsArray().Single()!;
        var found = Directory.GetFiles(Path.Combine(world.Server.Data, "platform/content/assets"), $"{asset["id"]}_p*.mp4", SearchOption.AllDirectories);
        string[] expected = [.. Enumerable.Range(0, found.Length).Select(number => found.Single(path => Path.GetFileName(path) == $"{asset["id"]}_p{number}.mp4"))];
        Assert.True(expected.Length > 1, "a recording of several pieces");
        return expected;
    }

    static async Task<string[]> Hashes(string[] files, char track)
    {
        var all = new List<string>();
        foreach (var file in files)
        {
            all.AddRange((await Ffmpeg.Packets(file, track)).Select(packet => packet.Hash));
        }

        return [.. all];
    }

    static void AssertNoSecret(PlatformWorld world, ServerProcess edge)
    {
        foreach (var log in new[] { world.Server.Log, edge.Log })
        {
            Assert.DoesNotContain(PlatformWorld.Secret, log, StringComparison.Ordinal);
            Assert.DoesNotContain("t=right", log, StringComparison.Ordinal);
        }
    }

    static async Task Becomes(PlatformWorld world, ServerProcess edge, string what, Func<Task<bool>> ask)
    {
        try
        {
            await Eventually.IsTrue(what, Soon, ask);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\nplatform: {world.Server.LogTail}\nmedia server: {edge.LogTail}", timeout);
        }
    }
}
