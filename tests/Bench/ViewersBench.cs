using System.Diagnostics;
using System.Globalization;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>
/// What viewers with a connection of their own cost, and when they see what was published: 100, 300 and 1,000 of one stream of 2.6 Mb/s, over HTTP-FLV and
/// RTMP; and 1,000 where writes are merged for 40 and for 350 ms. All servers run for twenty seconds before. Beside it nginx-rtmp (RTMP) where it is installed, and node-media-server (HTTP-FLV)
/// where NODE_MEDIA_SERVER names the folder that npm put it in. VIEWERS_BENCH=100,300 are other numbers.
/// </summary>
static class ViewersBench
{
    const string Stream = "s0";

    static readonly TimeSpan Started = TimeSpan.FromSeconds(20), WarmUp = TimeSpan.FromSeconds(4), Measured = TimeSpan.FromSeconds(12);

    static int[] Counts => [.. (Environment.GetEnvironmentVariable("VIEWERS_BENCH") ?? "100,300,1000").Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture))];

    public static async Task Run()
    {
        var table = new Table(
            "viewers", "server", "protocol", "viewers", "gbit_s", "server_cores", "cores_per_gbit_s", "server_mb", "load_cores", "lost",
            "delay_ms_p50", "delay_ms_p99", "key_delay_ms_p50", "key_delay_ms_p99", "join_ms_p50", "first_byte_ms_p50", "first_byte_ms_p99");
        var file = BenchSource.Make(20, keyFrameSeconds: 2);
        await RunTributary(table, file, "tributary", [], Counts);
        foreach (var merge in (int[])[40, 350])
        {
            await RunTributary(table, file, $"tributary, {merge} ms", new() { ["Gateway__Streaming__Merge"] = $"00:00:00.{merge:000}" }, Counts[^1..]);
        }

        if (NginxUnderTest.IsInstalled)
        {
            await using var nginx = await NginxUnderTest.Start(hls: false);
            await RunPeer(table, file, "nginx-rtmp", "rtmp", nginx.RtmpPort, nginx.RtmpPort, () => nginx.Usage);
        }

        if (Environment.GetEnvironmentVariable("NODE_MEDIA_SERVER") is { Length: > 0 } folder)
        {
            await RunNode(table, file, folder);
        }

        table.Print();
    }

    static async Task RunTributary(Table table, string file, string name, Dictionary<string, string> settings, int[] counts)
    {
        await using var server = await ServerUnderTest.Start(settings);
        using var load = await PublishLoad.Start(server.RtmpPort, file, 1, "s");
        await server.Answers($"/live/{Stream}/master.m3u8", TimeSpan.FromSeconds(20));
        await Task.Delay(Started);   // what is used is compiled anew
        await Measure(table, name, "flv", server.HttpPort, () => server.Usage, counts);
        await Measure(table, name, "rtmp", server.RtmpPort, () => server.Usage, counts);
        load.Kill();
    }

    static async Task Measure(Table table, string name, string protocol, int port, Func<ProcessUsage> usage, int[] counts)
    {
        foreach (var count in counts)
        {
            using var viewers = await ViewLoad.Viewers.Start(protocol, port, Stream, count);
            await Task.Delay(WarmUp);
            var (server, load, before) = (usage(), viewers.Usage, await viewers.Read());
            await Task.Delay(Measured);
            var (after, cores, loadCores) = (await viewers.Read(), usage().CoresSince(server), viewers.Usage.CoresSince(load));
            var rate = (after.Bytes - before.Bytes) * 8 / 1e9 / Stopwatch.GetElapsedTime(server.Timestamp).TotalSeconds;
            table.Add(
                name, protocol, count, rate, cores, cores / rate, Math.Round(usage().ResidentMegabytes), loadCores, after.Ended,
                after.Delay50, after.Delay99, after.KeyDelay50, after.KeyDelay99, after.Join50, after.FirstByte50, after.FirstByte99);
        }
    }

    static async Task RunNode(Table table, string file, string modules)
    {
        var folder = Directory.CreateTempSubdirectory("tributary-bench-nms-");
        var (rtmp, http) = (FreePorts.Next(), FreePorts.Next());
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "nms.js"), $$"""
            const Server = require({{System.Text.Json.JsonSerializer.Serialize(Path.Combine(modules, "node_modules/node-media-server"))}});
            new Server({ bind: '127.0.0.1', rtmp: { port: {{rtmp}} }, http: { port: {{http}} }, auth: { play: false, publish: false } }).run();
            """);
        using var node = Process.Start(new ProcessStartInfo("node", ["nms.js"]) { WorkingDirectory = folder.FullName, RedirectStandardOutput = true })!;
        node.OutputDataReceived += (_, _) => { };
        node.BeginOutputReadLine();
        try
        {
            await Task.Delay(1_500);
            await RunPeer(table, file, "node-media-server", "flv", rtmp, http, () => ProcessUsage.Of(node.Id));
        }
        finally
        {
            node.Kill();
            await node.WaitForExitAsync();
            folder.Delete(recursive: true);
        }
    }

    static async Task RunPeer(Table table, string file, string name, string protocol, int publishPort, int playPort, Func<ProcessUsage> usage)
    {
        try
        {
            using var load = await PublishLoad.Start(publishPort, file, 1, "s");
            await Task.Delay(Started);
            await Measure(table, name, protocol, playPort, usage, Counts);
            load.Kill();
        }
        catch (InvalidOperationException refused)
        {
            Console.WriteLine($"{name} was not measured: {refused.Message}");
        }
    }
}
