using System.Diagnostics;

namespace Tributary.Bench;

/// <summary>Playlist and segment requests per second from memory, with wrk on the same machine: one thread of it, 64 connections.</summary>
static class RequestsBench
{
    const int Seconds = 10;

    public static async Task Run()
    {
        if (!File.Exists("/usr/bin/wrk"))
        {
            Console.WriteLine("\n== requests: wrk is not installed, nothing was measured");
            return;
        }

        var table = new Table("requests", "what", "bytes", "requests_per_second", "p50_ms", "p99_ms", "errors", "server_cores", "server_mb", "load_cores");
        await using var server = await ServerUnderTest.Start();
        using var load = await PublishLoad.Start(server.RtmpPort, BenchSource.Make(20, keyFrameSeconds: 2), 1, "s");
        await server.Answers("/live/s0/master.m3u8", TimeSpan.FromSeconds(20));
        await Task.Delay(TimeSpan.FromSeconds(8));   // a window with some segments in it
        await Measure(table, server, "playlist", _ => "index-v1.m3u8");
        await Measure(table, server, "segment", LastSegment);
        await Measure(table, server, "ts segment", LastSegment, "ts/index-v1-a1.m3u8", "ts/");
        load.Kill();
        table.Print();
    }

    static async Task Measure(Table table, ServerUnderTest server, string what, Func<string, string> choose, string list = "index-v1.m3u8", string folder = "")
    {
        var path = $"/live/s0/{folder}{choose(await server.Http.GetStringAsync($"/live/s0/{list}"))}";
        var bytes = (await server.Http.GetByteArrayAsync(path)).Length;
        var started = Stopwatch.GetTimestamp();
        var run = await WrkRun.Of(server, path, Seconds, connections: 64);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        table.Add(
            what, bytes, run.PerSecond, run.P50, run.P99, run.Errors, run.ServerCpu / elapsed, Math.Round(server.Usage.ResidentMegabytes), run.LoadCpu / elapsed);
    }

    static string LastSegment(string playlist) => playlist.Split('\n').Last(line => line.Length > 0 && !line.StartsWith('#'));
}
