using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Conformance;

/// <summary>HLS, low-latency HLS and DASH of one stream, watched by clients that forgive nothing while its encoder goes and comes back.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task Every_rule_holds_through_a_restart_of_the_encoder()
    {
        Tools.Require("ffmpeg", "ffprobe");
        var server = await SharedServer.Get();
        var first = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("conformance"));
        await server.IsPlayable("conformance");
        await using var hls = await StrictHlsClient.Open(server.Http, server.Master("conformance"));
        await using var muxed = await StrictHlsClient.Open(server.Http, server.TsMaster("conformance"));
        await using var low = await LowLatencyClient.Open(server.Http, server.Master("conformance"));
        await using var dash = await DashClient.Open(server.Http, server.Url("/live/conformance/manifest.mpd"));
        await using var lowDash = await DashClient.Open(server.Http, server.Url("/live/conformance/manifest-ll.mpd"));
        await hls.UntilSegments(6, TimeSpan.FromSeconds(40));
        foreach (var address in (string[])["master.m3u8", "ts/master.m3u8", "manifest.mpd", "manifest-ll.mpd"])
        {
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(server.Url("/live/conformance/" + address).ToString()));
        }

        // Ctrl-C at the encoder, and again after what its user needs.
        first.Signal("INT");
        await first.Ends(TimeSpan.FromSeconds(10));
        await first.DisposeAsync();
        var last = hls.Video.Last;
        await Task.Delay(TimeSpan.FromSeconds(4));
        await using var again = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("conformance"));
        await hls.Until("segments of the second publication", TimeSpan.FromSeconds(40), rendition => rendition.Last >= last + 8);
        await Eventually.IsTrue("all clients are there", TimeSpan.FromSeconds(10), () => low.Edge.Msn > last + 6 && dash.Last > last + 6 && lowDash.Last > last + 6);

        hls.AssertNothingWrong();
        muxed.AssertNothingWrong();
        string[] problems = [.. low.Problems, .. dash.Problems, .. lowDash.Problems];
        Assert.True(problems.Length == 0, string.Join('\n', problems.Take(10)));
        Assert.Equal((1, 2, 2), (low.Discontinuities, dash.Periods.Count, lowDash.Periods.Count));
        Assert.True(low.HintedParts > 30, $"{low.HintedParts} parts were fetched ahead");
        Assert.True(lowDash.Chunked > 5, $"{lowDash.Chunked} segments came in chunks");
        var held = low.Held.Order().ToArray();
        output.WriteLine($"{low.Reloads} blocking reloads, held p50 {held[held.Length / 2]:0.000} s, p99 {held[(int)(held.Length * 0.99)]:0.000} s; {low.HintedParts} hinted parts; {lowDash.Chunked} chunked segments");
    }
}
