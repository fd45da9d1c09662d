using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>A single node, whose grains keep their state below the data folder, on a disk that is full.</summary>
public sealed class DiskTests(ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    [SkippableFact]
    public async Task Live_goes_on_while_the_disk_is_full_and_numbering_survives_it()
    {
        Tools.Require("ffmpeg", "mount");
        Skip.If(Environment.UserName != "root", "mounting a small disk needs root");
        var disk = Repository.Folder("small-disk");
        await ChildProcess.Run("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], Soon);
        try
        {
            await Run(disk);
        }
        finally
        {
            await ChildProcess.Run("umount", ["--lazy", disk], Soon);
        }
    }

    async Task Run(string disk)
    {
        // Few numbers are reserved, so that they run out while the disk is full.
        await using var server = await ServerProcess.Start(new() { ["Live__NumbersReserved"] = "4" }, disk);
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Long, server.Rtmp("disk"));
        await using var client = await StrictHlsClient.Open(server.Http, server.Master("disk"));
        await client.UntilSegments(3, Soon);

        // 1. Full: pictures go on; readiness and log say why the node should get no new work; liveness is fine.
        Fill(disk);
        var last = client.Video.Last;
        await client.Until("6 segments while the disk is full", Soon, rendition => rendition.Last >= last + 6);
        var ready = await server.Http.GetAsync("/readyz?verbose");
        var why = await ready.Content.ReadAsStringAsync();
        Assert.Equal(503, (int)ready.StatusCode);
        Assert.Contains("storage: No space left on device", why, StringComparison.Ordinal);
        Assert.Equal(200, (int)(await server.Http.GetAsync("/livez")).StatusCode);
        Assert.Contains("No space left on device", server.Log, StringComparison.Ordinal);

        // 2. A new encoder hears it too.
        await using (var refused = await RtmpPublisher.Connect(server.RtmpPort, "another"))
        {
            Assert.False(refused.IsOnAir);
            Assert.Contains("No space left on device", refused.Refusal, StringComparison.Ordinal);
        }

        // 3. Room again: the next report writes down what was not written, and a crash costs no number.
        File.Delete(Path.Combine(disk, "filling"));
        await Eventually.IsTrue("the node is ready again", Soon, async () => (await server.Http.GetAsync("/readyz")).IsSuccessStatusCode);
        last = client.Video.Last;
        await client.Until("2 segments more", Soon, rendition => rendition.Last >= last + 2);
        client.AssertNothingWrong();
        foreach (var rendition in client.Renditions)
        {
            rendition.MayBeAway = true;
        }

        await server.Crash();
        await server.StartAgain();
        last = client.Video.Last;
        await using var again = Ffmpeg.Publish(await SourceMedia.Long, server.Rtmp("disk"));
        await client.Until("segments after the crash", Soon, rendition => rendition.Last >= last + 2);
        output.Figure($"disk full for 6 segments: viewer discontinuities {client.Video.Segments.Where(s => s.Msn <= last).Sum(s => s.Discontinuities)}, readiness 503 with its reason, liveness 200; after a crash numbering went from {last} to {client.Video.Segments.First(s => s.Msn > last).Msn}");
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
