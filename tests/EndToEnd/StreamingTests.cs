using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>HTTP-FLV, MPEG-TS over HTTP and RTMP play, read by ffmpeg: the packets that were published, and no end while encoders come and go.</summary>
public sealed class StreamingTests
{
    [SkippableTheory]
    [InlineData("flv")]
    [InlineData("ts")]
    [InlineData("rtmp")]
    public async Task What_was_published_is_what_ffmpeg_reads(string form)
    {
        Tools.Require("ffmpeg", "ffprobe");
        var (server, stream) = (await SharedServer.Get(), "endless-" + form);
        var file = await SourceMedia.BFrames;
        await using var publisher = Ffmpeg.Publish(file, server.Rtmp(stream));
        await server.IsPlayable(stream);
        var recorded = Path.Combine(Repository.Folder("endless"), $"{stream}.{(form == "ts" ? "ts" : "flv")}");
        await using var reader = Record(Address(server, stream, form), recorded, seconds: 8);
        await reader.Exits(TimeSpan.FromSeconds(60));

        foreach (var track in (char[])['v', 'a'])
        {
            var sent = await Ffmpeg.Packets(file, track);
            var read = await Ffmpeg.Packets(recorded, track, annexB: form == "ts");
            var first = Array.FindIndex(sent, packet => packet.Hash == read[0].Hash);
            Assert.True(first >= 0, "the first packet was never published");
            Assert.Equal(sent.Skip(first).Take(read.Length).Select(packet => packet.Hash), read.Select(packet => packet.Hash));
            Assert.True(read.Length >= 7 * 30, $"only {read.Length} packets came");
            Assert.All(read.Zip(sent.Skip(first)), pair => Assert.Equal(
                pair.Second.PtsMilliseconds - sent[first].PtsMilliseconds, pair.First.PtsMilliseconds - read[0].PtsMilliseconds, 2.0));
        }
    }

    [SkippableTheory]
    [InlineData("flv")]
    [InlineData("rtmp")]
    public async Task A_viewer_begins_near_zero_and_outlives_its_encoder(string form)
    {
        Tools.Require("ffmpeg", "ffprobe");
        var (server, stream) = (await SharedServer.Get(), "restarted-" + form);
        var recorded = Path.Combine(Repository.Folder("endless"), $"{stream}.flv");
        await using (var first = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp(stream)))
        {
            await server.IsPlayable(stream);
            await using var reader = Record(Address(server, stream, form), recorded, seconds: 12);
            await Eventually.IsTrue("the viewer has some seconds", TimeSpan.FromSeconds(20), () => Task.FromResult(File.Exists(recorded) && new FileInfo(recorded).Length > 200_000));
            first.Signal("KILL");
            await first.Ends(TimeSpan.FromSeconds(5));
            await using var second = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp(stream));
            await reader.Exits(TimeSpan.FromSeconds(60));
        }

        var packets = await Ffmpeg.Packets(recorded, 'v');
        Assert.InRange(packets[0].DtsMilliseconds, 0, 200);
        Assert.InRange(packets[^1].DtsMilliseconds, 9_000, 30_000);
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.True(pair.Second.Dts > pair.First.Dts));
    }

    [SkippableFact]
    public async Task What_is_not_on_air_is_answered_with_a_sentence()
    {
        var server = await SharedServer.Get();
        foreach (var name in (string[])["nobody.flv", "nobody.ts"])
        {
            using var answer = await server.Http.GetAsync("/live/" + name);
            Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Contains("not on air", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    static string Address(ServerProcess server, string stream, string form) =>
        form == "rtmp" ? server.Rtmp(stream) : server.Url($"/live/{stream}.{form}").ToString();

    static ChildProcess Record(string address, string file, int seconds) => ChildProcess.Start(
        "ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", address, "-t", $"{seconds}", "-c", "copy", "-flush_packets", "1", file]);
}
