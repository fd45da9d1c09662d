using Tributary.EndToEnd.Harness;
using Tributary.Unit.Packaging;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Recording;

/// <summary>An entry with several renditions is recorded with all of them.</summary>
[Collection(Alone.Name)]
public sealed class RenditionRecordingTests(ITestOutputHelper output)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [SkippableFact]
    public async Task A_recording_is_as_adaptive_as_the_stream_was_also_where_a_rendition_was_lost()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new()
        {
            ["Publish__Renditions__0"] = "wide", ["Recording__Streams__*"] = "PerSession", ["Dvr__Streams__*"] = "00:10:00", ["Live__Hold"] = "00:00:03",
        });
        await using var wires = new LadderWires(server.RtmpPort);
        var encoder = await wires.Publish("wide");
        await using var hls = await StrictHlsClient.Open(server.Http, server.Master("wide"));
        await Eventually.IsTrue("three renditions", Patience, async () =>
            (await server.Http.GetStringAsync(server.Master("wide"))).Split("RESOLUTION=").Length == 4);
        await hls.UntilSegments(4, Patience);
        var last = hls.Video.Last;
        wires[2].Cut();
        await hls.Until("segments while one is lost", Patience, one => one.Last >= last + 4);
        wires[2].Mend();
        await hls.Until("segments when it is back", Patience, one => one.Last >= last + 9);

        // 1. Back through all of it while it is on air, in every rendition.
        var rewind = HlsRules.CheckMaster(await server.Http.GetByteArrayAsync("/live/wide/dvr/master.m3u8"));
        Assert.Equal(["index-v1.m3u8", "index-v11.m3u8", "index-v21.m3u8"], rewind.Where(variant => variant.Tag == "#EXT-X-STREAM-INF").Select(variant => variant.Uri));
        Assert.Equal(3, (await Ffmpeg.Streams(server.Url("/live/wide/dvr/master.m3u8").ToString(), distinct: false)).Count(stream => stream == "video/h264"));

        // 2. When it is over it is an adaptive recording: as HLS over the parts that were written, and by the packager as DASH.
        encoder.Signal("INT");
        await encoder.Ends(TimeSpan.FromSeconds(10));
        await encoder.DisposeAsync();
        var entry = await server.RecordingIs("wide", "is ready", found => found.State == "Ready");
        var master = HlsRules.CheckMaster(await server.Http.GetByteArrayAsync(server.Hls(entry)));
        Assert.Equal(["index-a1.m3u8", "index-v1.m3u8", "index-v11.m3u8", "index-v21.m3u8"], master.Select(variant => variant.Uri).Order(StringComparer.Ordinal));
        foreach (var rendition in (string[])["v1", "v11", "v21"])
        {
            var address = server.Url($"/rec/{entry.Id}/index-{rendition}.m3u8");
            var text = await server.Http.GetStringAsync(address);
            Assert.DoesNotContain("#EXT-X-GAP", text, StringComparison.Ordinal);
            Assert.Equal(entry.Duration, await RecordingApi.Probe(address.ToString()), 0.5);
        }

        // The packager offers those that have no hole.
        Assert.Equal(2, (await Ffmpeg.Streams(server.Url($"/dash/{entry.Id}/manifest.mpd").ToString(), distinct: false)).Count(stream => stream == "video/h264"));
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(await server.Download(entry), distinct: false));
        output.WriteLine($"figure: {entry.Duration:0.0} s, {entry.Bytes} bytes in three renditions");
    }
}
