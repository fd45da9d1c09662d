using System.Diagnostics;
using System.Globalization;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>
/// What viewers with a connection of their own cost: 100, 300 and 1,000 of one stream of 2.6 Mb/s, over HTTP-FLV and RTMP. Beside it nginx-rtmp (RTMP) where it is
/// installed, and node-media-server (HTTP-FLV) where NODE_MEDIA_SERVER names the folder that npm put it in. VIEWERS_BENCH=100,300 are other numbers.
/// </summary>
static class ViewersBench
{
    const string NginxModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
    const string Stream = "s0";
    static int[] Counts => [.. (Environment.GetEnvironmentVariable("VIEWERS_BENCH") ?? "100,300,1000").Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture))];
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4), Measured = TimeSpan.FromSeconds(12);

    public static async Task Run()
    {
        var table = new Table(
            "viewers", "server", "protocol", "viewers", "gbit_s", "server_cores", "cores_per_gbit_s", "server_mb", "load_cores", "lost", "join_ms_p50", "join_ms_p99");
        var file = BenchSource.Make(20, keyFrameSeconds: 2);
        await using (var server = await ServerUnderTest.Start())
        {
            using var load = await PublishLoad.Start(server.RtmpPort, file, 1, "s");
            await server.Answers($"/live/{Stream}/master.m3u8", TimeSpan.FromSeconds(20));
            await Measure(table, "tributary", "flv", server.HttpPort, () => server.Usage);
            await Measure(table, "tributary", "rtmp", server.RtmpPort, () => server.Usage);
            load.Kill();
        }

        if (File.Exists(NginxModule))
        {
            await RunNginx(table, file);
        }

        if (Environment.GetEnvironmentVariable("NODE_MEDIA_SERVER") is { Length: > 0 } folder)
        {
            await RunNode(table, file, folder);
        }

        table.Print();
    }

    static async Task Measure(Table table, string name, string protocol, int port, Func<ProcessUsage> usage)
    {
        foreach (var count in Counts)
        {
            using var viewers = await ViewLoad.Viewers.Start(protocol, port, Stream, count);
            await Task.Delay(WarmUp);
            var (server, load, before) = (usage(), viewers.Usage, await viewers.Read());
            await Task.Delay(Measured);
            var (after, cores, loadCores) = (await viewers.Read(), usage().CoresSince(server), viewers.Usage.CoresSince(load));
            var rate = (after.Bytes - before.Bytes) * 8 / 1e9 / Stopwatch.GetElapsedTime(server.Timestamp).TotalSeconds;
            table.Add(name, protocol, count, rate, cores, cores / rate, Math.Round(usage().ResidentMegabytes), loadCores, after.Ended, after.Join50, after.Join99);
        }
    }

    static async Task RunNginx(Table table, string file)
    {
        var folder = Directory.CreateTempSubdirectory("tributary-bench-nginx-");
        var port = FreePorts.Next();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "nginx.conf"), $$"""
            load_module {{NginxModule}};
            daemon off;
            master_process off;
            pid {{folder}}/pid;
            error_log {{folder}}/error.log;
            events { worker_connections 4096; }
            rtmp { server { listen 127.0.0.1:{{port}}; chunk_size 65536; application live { live on; } } }
            """);
        using var nginx = Process.Start("nginx", ["-p", folder.FullName, "-c", Path.Combine(folder.FullName, "nginx.conf")]);
        await RunPeer(table, file, "nginx-rtmp", "rtmp", port, port, nginx, folder);
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
        await RunPeer(table, file, "node-media-server", "flv", rtmp, http, node, folder);
    }

    static async Task RunPeer(Table table, string file, string name, string protocol, int publishPort, int playPort, Process peer, DirectoryInfo folder)
    {
        try
        {
            await Task.Delay(1_500);
            using var load = await PublishLoad.Start(publishPort, file, 1, "s");
            await Task.Delay(3_000);
            await Measure(table, name, protocol, playPort, () => ProcessUsage.Of(peer.Id));
            load.Kill();
        }
        catch (InvalidOperationException refused)
        {
            Console.WriteLine($"{name} was not measured: {refused.Message}");
        }
        finally
        {
            peer.Kill();
            await peer.WaitForExitAsync();
            folder.Delete(recursive: true);
        }
    }
}
