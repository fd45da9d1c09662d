using System.Diagnostics;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>What N encoders of 2.5 Mb/s cost; in the last row each stream also has a viewer, so that everything is packaged. nginx-rtmp beside it, where it is installed.</summary>
static class PublishersBench
{
    const string NginxModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8), Measured = TimeSpan.FromSeconds(15);

    public static async Task Run()
    {
        var table = new Table("publishers", "server", "publishers", "watched", "server_cores", "server_mb", "load_cores");
        var file = BenchSource.Make(20, keyFrameSeconds: 2);
        foreach (var (count, watched) in new[] { (1, false), (20, false), (50, false), (50, true) })
        {
            await using var server = await ServerUnderTest.Start();
            using var load = await PublishLoad.Start(server.RtmpPort, file, count, "s");
            using var ending = new CancellationTokenSource();
            var watching = watched ? Watch(server, count, ending.Token) : Task.CompletedTask;
            await Measure(table, "tributary", count, watched, () => server.Usage, load);
            await ending.CancelAsync();
            await watching;
            load.Kill();
        }

        if (File.Exists(NginxModule))
        {
            await RunNginx(table, file, 50);
        }

        table.Print();
    }

    static async Task Measure(Table table, string name, int count, bool watched, Func<ProcessUsage> server, Process load)
    {
        await Task.Delay(WarmUp);
        var (serverBefore, loadBefore) = (server(), ProcessUsage.Of(load.Id));
        await Task.Delay(Measured);
        var (serverAfter, loadAfter) = (server(), ProcessUsage.Of(load.Id));
        table.Add(name, count, watched, serverAfter.CoresSince(serverBefore), Math.Round(serverAfter.ResidentMegabytes), loadAfter.CoresSince(loadBefore));
    }

    // Each stream's newest segments once per segment, as one viewer fetches them.
    static async Task Watch(ServerUnderTest server, int count, CancellationToken ending)
    {
        await server.Answers("/live/s0/master.m3u8", TimeSpan.FromSeconds(20));
        while (!ending.IsCancellationRequested)
        {
            for (var i = 0; i < count && !ending.IsCancellationRequested; i++)
            {
                foreach (var rendition in new[] { "v1", "a1" })
                {
                    using var answer = await server.Http.GetAsync($"/live/s{i}/index-{rendition}.m3u8", CancellationToken.None);
                    var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
                    if (answer.IsSuccessStatusCode)
                    {
                        await server.Http.GetByteArrayAsync($"/live/s{i}/{text.Split('\n').Last(line => line.Length > 0 && !line.StartsWith('#'))}", CancellationToken.None);
                    }
                }
            }

            await Task.Delay(TimeSpan.FromSeconds(2), ending).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    static async Task RunNginx(Table table, string file, int count)
    {
        var folder = Directory.CreateTempSubdirectory("tributary-bench-nginx-");
        var port = FreePorts.Next();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "nginx.conf"), $$"""
            load_module {{NginxModule}};
            daemon off;
            master_process off;
            pid {{folder}}/pid;
            error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            rtmp { server { listen 127.0.0.1:{{port}}; chunk_size 65536; application live { live on; hls on; hls_path {{folder}}/hls; hls_fragment 2s; } } }
            """);
        using var nginx = Process.Start("nginx", ["-p", folder.FullName, "-c", Path.Combine(folder.FullName, "nginx.conf")]);
        try
        {
            await Task.Delay(500);
            using var load = await PublishLoad.Start(port, file, count, "s");
            await Measure(table, "nginx-rtmp, HLS on", count, true, () => ProcessUsage.Of(nginx.Id), load);
            load.Kill();
        }
        catch (InvalidOperationException refused)
        {
            Console.WriteLine($"nginx-rtmp was not measured: {refused.Message}");
        }
        finally
        {
            nginx.Kill();
            await nginx.WaitForExitAsync();
            folder.Delete(recursive: true);
        }
    }
}
