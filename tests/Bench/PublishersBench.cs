using System.Diagnostics;

namespace Tributary.Bench;

/// <summary>What N encoders of 2.5 Mb/s cost; in the last row each stream also has a viewer, so that everything is packaged. nginx-rtmp beside it, where it is installed.</summary>
static class PublishersBench
{
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

        if (NginxUnderTest.IsInstalled)
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
        await using var nginx = await NginxUnderTest.Start(hls: true);
        try
        {
            using var load = await PublishLoad.Start(nginx.RtmpPort, file, count, "s");
            await Measure(table, "nginx-rtmp, HLS on", count, true, () => nginx.Usage, load);
            load.Kill();
        }
        catch (InvalidOperationException refused)
        {
            Console.WriteLine($"nginx-rtmp was not measured: {refused.Message}");
        }
    }
}
