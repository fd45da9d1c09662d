using System.Diagnostics;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Recording;

/// <summary>The server is killed while it records, and its disk is full.</summary>
public sealed class RecordingCrashTests(ITestOutputHelper output)
{
    const int Kills = 50;

    // The longest part that the sources here have, and what the tracks of a segment may differ by.
    const double Part = 0.5, Skew = 0.1;

    [SkippableFact]
    public async Task Nothing_acknowledged_is_lost_by_fifty_kills()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new() { ["Recording__Streams__*"] = "PerSession", ["Recording__SyncInterval"] = "00:00:00" });
        var tags = await FlvFile.Read(await SourceMedia.Medium);
        var random = new Random(4);
        var (began, acknowledged, recorded, cut) = (Stopwatch.GetTimestamp(), 0.0, 0.0, 0);
        for (var round = 0; round < Kills; round++)
        {
            var stream = $"kill-{round}";
            var known = await RecordUntilKilled(server, stream, tags, TimeSpan.FromMilliseconds(random.Next(200, 2_500)));
            await server.StartAgain();
            if (known is null)
            {
                continue;   // killed before anything was acknowledged
            }

            // Its journal is repaired while the node gets ready.
            var entry = await server.RecordingIs(stream, "has what was acknowledged", found => found.Duration >= known.Duration && found.Bytes >= known.Bytes);
            var download = await server.Download(entry);
            Assert.InRange(await RecordingApi.Probe(download), known.Duration - Skew, entry.Duration + Part + Skew);
            Assert.Contains("#EXT-X-BYTERANGE", await server.Http.GetStringAsync($"/rec/{entry.Id}/index-v1.m3u8"), StringComparison.Ordinal);
            (acknowledged, recorded) = (acknowledged + known.Duration, recorded + entry.Duration);
            if (round % 10 == 0)
            {
                Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(server.Hls(entry).ToString()));
                Assert.Equal("", await Ffmpeg.DecodeErrors(download));
            }

            File.Delete(download);
        }

        cut = server.Log.Split("was not ended and is repaired").Length - 1;
        output.WriteLine($"figure: {Kills} kills in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {acknowledged:0.0} s of media acknowledged, {recorded:0.0} s recorded, {cut} volumes repaired");
        Assert.True(acknowledged > 0, "nothing was ever acknowledged: the kills came too early to prove anything");
        Assert.DoesNotContain("could not be repaired", server.Log, StringComparison.Ordinal);
    }

    // What the API had said when the process was killed.
    static async Task<RecordingApi.Entry?> RecordUntilKilled(ServerProcess server, string stream, IReadOnlyList<FlvTag> tags, TimeSpan after)
    {
        await using var publisher = await RtmpPublisher.Connect(server.RtmpPort, stream);
        using var stop = new CancellationTokenSource();
        var playing = publisher.Play(tags, speed: 4, cancellation: stop.Token);
        RecordingApi.Entry? known = null;
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < after || known is null && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(8))
        {
            known = await server.Recording(stream) is { Duration: > 0 } entry ? entry : known;
        }

        await server.Crash();
        await stop.CancelAsync();
        try
        {
            await playing;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or System.Net.Sockets.SocketException)
        {
            // Its server is gone.
        }

        return known;
    }

    [SkippableFact]
    public async Task A_full_disk_ends_the_recording_and_not_the_stream()
    {
        Tools.Require("ffmpeg", "ffprobe", "mount");
        Skip.If(Environment.UserName != "root", "mounting a small disk needs root");
        var disk = Repository.Folder("recording-disk");
        await ChildProcess.Run("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], TimeSpan.FromSeconds(20));
        try
        {
            await FillAndFree(disk);
        }
        finally
        {
            await ChildProcess.Run("umount", ["--lazy", disk], TimeSpan.FromSeconds(20));
        }
    }

    static async Task FillAndFree(string disk)
    {
        await using var server = await ServerProcess.Start(new()
        {
            ["Recording__Streams__*"] = "PerSession", ["Recording__Folder"] = disk, ["Recording__MinFreeBytes"] = "0", ["Recording__RetryAfter"] = "00:00:01",
        });
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("full"));
        await using var client = await StrictHlsClient.Open(server.Http, server.Master("full"));
        await server.RecordingIs("full", "grows", found => found.Duration > 2);

        // 1. Full: viewers notice nothing; readiness, API, metrics and log say it.
        Fill(disk);
        await Eventually.IsTrue("the API says that nothing is written", TimeSpan.FromSeconds(20), async () =>
            (await server.Http.GetStringAsync("/api/v1/streams/full/recording")).Contains("No space left", StringComparison.Ordinal));
        var last = client.Video.Last;
        await client.Until("4 segments while the disk is full", TimeSpan.FromSeconds(30), rendition => rendition.Last >= last + 4);
        client.AssertNothingWrong();
        using var ready = await server.Http.GetAsync("/readyz?verbose");
        Assert.Equal(200, (int)ready.StatusCode);
        Assert.Contains("[~] recording", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("tributary_recording_stopped 1", await server.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
        var before = (await server.Recording("full"))!.Duration;

        // 2. Room again: the recording goes on, and what there is plays.
        File.Delete(Path.Combine(disk, "filling"));
        var entry = await server.RecordingIs("full", "goes on", found => found.Duration >= before + 3);
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(await server.Download(entry)));
        client.AssertNothingWrong();
    }

    static void Fill(string disk)
    {
        using var filling = File.Create(Path.Combine(disk, "filling"));
        try
        {
            while (true)
            {
                filling.Write(new byte[4_096]);
                filling.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
