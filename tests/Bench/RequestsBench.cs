using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tributary.Bench;

/// <summary>Playlist and segment requests per second from memory, with wrk on the same machine: one thread of it, 64 connections.</summary>
static partial class RequestsBench
{
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
        using var wrk = Process.Start(new ProcessStartInfo(
            "wrk", ["-t", "1", "-c", "64", "-d", "10s", "--latency", $"http://127.0.0.1:{server.HttpPort}{path}"]) { RedirectStandardOutput = true })!;
        var (serverBefore, wrkBefore) = (server.Usage, ProcessUsage.Of(wrk.Id));
        await Task.Delay(TimeSpan.FromSeconds(9));
        var (serverAfter, wrkAfter) = (server.Usage, ProcessUsage.Of(wrk.Id));
        var output = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        table.Add(
            what, bytes, Number(Rate().Match(output)), Milliseconds(Median().Match(output)), Milliseconds(Percentile99().Match(output)),
            BadAnswers().Match(output) is { Success: true } bad ? Number(bad) : 0.0,
            serverAfter.CoresSince(serverBefore), Math.Round(serverAfter.ResidentMegabytes), wrkAfter.CoresSince(wrkBefore));
    }

    static string LastSegment(string playlist) => playlist.Split('\n').Last(line => line.Length > 0 && !line.StartsWith('#'));

    static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    static double Milliseconds(Match match) => Number(match) * match.Groups[2].Value switch { "us" => 0.001, "s" => 1_000, _ => 1 };

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Median();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Percentile99();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex BadAnswers();
}
