using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;
using Tributary.Protocols.Amf;
using Tributary.Unit.Containers;

namespace Tributary.EndToEnd.Platform;

/// <summary>Data messages of an encoder, and sync points that the platform was asked for, on their way to viewers.</summary>
public sealed class TimedMetadataTests
{
    const int Text = 45, Cue = 105;   // the pictures with which they are sent
    const int VideoPid = 0x100, MetadataPid = 0x102;

    [SkippableFact]
    public async Task What_an_encoder_says_and_what_the_platform_asks_for_is_ID3_at_its_time()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var world = await PlatformWorld.Start();
        var ks = await world.Session(102);
        var entry = (string)(await world.Call("livestream", "add", new JsonObject
        {
            ["sourceType"] = "32", ["liveStreamEntry"] = PlatformWorld.Typed("LiveStreamEntry", ("name", "Show"), ("mediaType", 201), ("streamPassword", "right")),
        }, ks))!["id"]!;
        Assert.Null(await world.Call("livestream", "createPeriodicSyncPoints", new JsonObject { ["entryId"] = entry, ["interval"] = 2, ["duration"] = 3_600 }, ks));

        var app = $"kLive?p=102&e={entry}&i=0&t=right";
        await using var encoder = await RtmpPublisher.Connect("127.0.0.1", world.Server.RtmpPort, $"{entry}_1", app);
        Assert.True(encoder.IsOnAir, encoder.Refusal);
        await encoder.Play(WithData(await FlvFile.Read(await SourceMedia.Short)));
        await encoder.Stop();

        // 1. Transport streams: in a stream of timed metadata, at the time of the picture that they were sent with.
        var (playlist, segments) = await Segments(world, world.Server.TsMaster(entry), 3);
        var ts = new TsReader();
        segments.ForEach(segment => ts.Read(segment));
        var pictures = ts.Packets.Where(pes => pes.Pid == VideoPid).Select(pes => pes.Pts).ToArray();
        var said = ts.Packets.Where(pes => pes.Pid == MetadataPid).Select(pes => (pes.Pts, Json: JsonNode.Parse(Encoding.UTF8.GetString(pes.Data.AsSpan(21)))!)).ToArray();
        var text = Assert.Single(said, one => one.Json["onTextData"] is not null);
        Assert.Equal((pictures[Text], "gr\u00fc\u00dfe"), (text.Pts, (string)text.Json["onTextData"]!["text"]!));
        var cue = Assert.Single(said, one => (string?)one.Json["objectType"] == "KalturaCue");
        Assert.Equal((pictures[Cue], 7), (cue.Pts, (int)cue.Json["id"]!));

        // 2. Sync points: where each segment begins, and every two seconds, by the clock of the playlist.
        var points = said.Where(one => (string?)one.Json["objectType"] == "KalturaSyncPoint").ToArray();
        var began = DateTimeOffset.Parse(playlist.Split('\n').First(line => line.StartsWith("#EXT-X-PROGRAM-DATE-TIME:", StringComparison.Ordinal))["#EXT-X-PROGRAM-DATE-TIME:".Length..]);
        Assert.Equal([0L, 2_000, 4_000], points.Where(one => one.Json["offset"] is not null).Select(one => (long)one.Json["offset"]!));
        Assert.Equal(segments.Count, points.Count(one => one.Json["offset"] is null));
        Assert.All(points, one => Assert.InRange((long)one.Json["timestamp"]! - began.ToUnixTimeMilliseconds() - (one.Pts - pictures[0]) / 90, -1, 1));

        // 3. Fragmented MP4: in messages before the chunk. What the encoder says of itself is for nobody.
        var (_, fragments) = await Segments(world, world.Server.Master(entry), 3);
        var all = Encoding.ASCII.GetString([.. fragments.SelectMany(fragment => fragment)]);
        Assert.Equal(segments.Count + 5, all.Split("emsg\u0001").Length - 1);
        Assert.Contains("\"KalturaCue\"", all, StringComparison.Ordinal);
        Assert.DoesNotContain("videodatarate", all, StringComparison.Ordinal);
    }

    static IEnumerable<FlvTag> WithData(IReadOnlyList<FlvTag> tags)
    {
        uint[] pictures = [.. tags.Where(tag => tag.Type == FlvFile.Video && !tag.IsConfiguration).Select(tag => tag.Timestamp)];
        var left = new Queue<FlvTag>(
        [
            Data(pictures[Text], amf => amf.String("onTextData").BeginObject().Property("text", "gr\u00fc\u00dfe").Property("language", "de").End()),
            Data(pictures[Cue], amf => amf.String("@setDataFrame").String("onMetaData").BeginEcmaArray(2).Property("objectType", "KalturaCue").Property("id", 7).End()),
        ]);
        foreach (var tag in tags)
        {
            if (left.TryPeek(out var next) && next.Timestamp <= tag.Timestamp)
            {
                yield return left.Dequeue();
            }

            yield return tag;
        }
    }

    static FlvTag Data(uint timestamp, Action<Amf0Writer> write)
    {
        var body = new ArrayBufferWriter<byte>();
        write(new Amf0Writer(body));
        return new FlvTag(FlvFile.Script, timestamp, body.WrittenMemory);
    }

    // The media playlist of the first variant, when it has as many segments, and their bytes.
    static async Task<(string Playlist, List<byte[]> Segments)> Segments(PlatformWorld world, Uri address, int count)
    {
        var master = await world.Server.Http.GetStringAsync(address);
        var variant = new Uri(address, master.Split('\n').First(line => line.Length > 0 && line[0] != '#'));
        var playlist = await Eventually.Get($"{count} segments", TimeSpan.FromSeconds(20), async () =>
            await world.Server.Http.GetStringAsync(variant) is var text && Listed(text).Count >= count ? text : null);
        var segments = new List<byte[]>();
        foreach (var segment in Listed(playlist))
        {
            segments.Add(await world.Server.Http.GetByteArrayAsync(new Uri(variant, segment)));
        }

        return (playlist, segments);
    }

    static List<string> Listed(string playlist) => [.. playlist.Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
}
