using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;

namespace Tributary.Bench;

/// <summary>
/// The packager: CPU per request of each kind with metadata in the cache, beside what nginx-vod-module of March 2024 took for the same requests on such a
/// machine (one worker, metadata and mapping cached), and beside what nginx takes for a static file on this machine in this minute: the module's figure is
/// scaled by it, as no two hours of a shared machine are alike. What is small is better compared with nginx's static file of the same size.
/// Then the first request for a file of an hour in a fresh process, with the file in the page cache.
/// <c>VOD_BENCH=hls,dash</c> chooses kinds by words of their names, <c>VOD_BENCH_SECONDS</c> how long each is asked for.
/// </summary>
static class VodBench
{
    const int Connections = 16;
    const int MostRounds = 6;
    const int FewMethods = 20;

    /// <summary>Microseconds of nginx for the static file on the machine where the module was measured; taken to be without sendfile, its default, which the record does not say.</summary>
    const double NginxThere = 723;

    /// <summary>What is asked for, and the module's microseconds; 0 where nobody measured.</summary>
    static readonly (string What, string Path, double Module)[] Kinds =
    [
        ("static file 2.5 MB", "/media/part.bin", 723),
        ("hls master, 3 renditions", "/hls/,hi,mid,lo,.mp4.urlset/master.m3u8", 18.7),
        ("hls index 60 s", "/hls/hi.mp4/index-v1-a1.m3u8", 8.9),
        ("hls index 1 h", "/hls/hour.mp4/index-v1-a1.m3u8", 16.3),
        ("hls index 1 h accurate", "/accurate/hour.mp4/index-v1-a1.m3u8", 1_113),
        ("hls I-frames 60 s", "/hls/hi.mp4/iframes-v1-a1.m3u8", 97),
        ("hls I-frames 1 h", "/hls/hour.mp4/iframes-v1-a1.m3u8", 4_734),
        ("dash MPD, 3 renditions", "/dash/,hi,mid,lo,.mp4.urlset/manifest.mpd", 18.4),
        ("dash MPD 1 h", "/dash/hour.mp4/manifest.mpd", 71.4),
        ("mss manifest 1 h", "/mss/hour.mp4/manifest", 89.4),
        ("hls TS segment 2.5 MB", "/hls/hi.mp4/seg-2-v1-a1.ts", 905),
        ("hls TS segment 1.2 MB", "/hls/mid.mp4/seg-2-v1-a1.ts", 473),
        ("hls fMP4 segment 2.5 MB", "/fmp4/hi.mp4/seg-2-v1-a1.m4s", 1_091),
        ("dash video fragment 60 s", "/dash/hi.mp4/fragment-2-v1-x3.m4s", 929),
        ("dash video fragment 1 h", "/dash/hour.mp4/fragment-180-v1-x3.m4s", 839),
        ("dash audio fragment 1 h", "/dash/hour.mp4/fragment-180-a1-x3.m4s", 575),
        ("mss fragment", "/mss/hi.mp4/{mss}", 893),
        ("hds fragment", "/hds/hi.mp4/frag-v1-a1-Seg1-Frag2", 775),
        ("remote TS segment 2.5 MB", "/remote/hi.mp4/seg-2-v1-a1.ts", 1_790),
        ("hls index 60 s, response cache", "/cached/hi.mp4/index-v1-a1.m3u8", 0),
        ("hls TS segment of 2 s", "/short/hi.mp4/seg-10-v1-a1.ts", 0),
    ];

    /// <summary>First requests for the file of an hour, and the module's milliseconds.</summary>
    static readonly (string What, string Path, double Module)[] Cold =
    [
        ("hls index 1 h", "/hls/hour.mp4/index-v1-a1.m3u8", 3.4), ("hls index 1 h accurate", "/accurate/hour.mp4/index-v1-a1.m3u8", 7),
        ("hls I-frames 1 h", "/hls/hour.mp4/iframes-v1-a1.m3u8", 12), ("hls TS segment 180", "/hls/hour.mp4/seg-180-v1-a1.ts", 7.6),
        ("dash MPD 1 h", "/dash/hour.mp4/manifest.mpd", 3.3), ("dash video fragment 180", "/dash/hour.mp4/fragment-180-v1-x3.m4s", 4.5),
    ];

    public static async Task Run()
    {
        if (!File.Exists("/usr/bin/wrk"))
        {
            Console.WriteLine("\n== vod: wrk is not installed, nothing was measured");
            return;
        }

        var media = VodMedia.Make();
        await File.WriteAllBytesAsync(Path.Combine(media, "part.bin"), new byte[2_500_000]);
        string[] chosen = Environment.GetEnvironmentVariable("VOD_BENCH")?.Split(',') ?? [""];
        await using var storage = await ServerUnderTest.Start(new() { ["Vod__MediaFolder"] = media });
        var settings = Settings(media, storage);
        await Warm(settings, [.. Kinds.Where(kind => chosen.Any(word => kind.What.Contains(word, StringComparison.OrdinalIgnoreCase)))]);
        if (chosen.Any(word => "cold".Contains(word, StringComparison.Ordinal)))
        {
            await FirstRequests(settings);
        }
    }

    static Dictionary<string, string> Settings(string media, ServerUnderTest storage)
    {
        object Hls(string prefix, object options) => new { prefix, packager = "hls", mode = "local", root = media, options };
        var file = Path.Combine(media, "locations.json");
        File.WriteAllText(file, JsonSerializer.Serialize(new
        {
            upstreams = new Dictionary<string, string> { ["/files"] = $"http://127.0.0.1:{storage.HttpPort}/media" },
            locations = new[]
            {
                Hls("/accurate", new { manifest_segment_durations_mode = "accurate" }), Hls("/fmp4", new { hls_container_format = "fmp4" }),
                Hls("/cached", new { response_cache = "responses 64m" }), Hls("/short", new { segment_duration = "2s" }),
                new { prefix = "/remote", packager = "hls", mode = "remote", root = media, options = (object)new { upstream_location = "/files" } },
            },
        }));
        return new() { ["Vod__MediaFolder"] = media, ["Vod__LocationsFile"] = file };
    }

    static async Task Warm(Dictionary<string, string> settings, (string What, string Path, double Module)[] kinds)
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("VOD_BENCH_SECONDS") ?? "5", System.Globalization.CultureInfo.InvariantCulture);
        var table = new Table(
            "vod", "what", "bytes", "cpu_us", "module_cpu_us", "of_module", "nginx_file_cpu_us", "of_module_here", "nginx_as_large_cpu_us", "of_nginx_as_large", "per_cpu_second", "requests_per_second", "p50_ms", "p99_ms", "errors", "server_mb", "load_cpu_us");
        await using var server = await ServerUnderTest.Start(settings);
        await using var nginx = NginxUnderTest.ServesFiles ? await NginxUnderTest.Start(files: settings["Vod__MediaFolder"]) : null;
        foreach (var (what, template, module) in kinds)
        {
            var path = template.Contains("{mss}", StringComparison.Ordinal) ? template.Replace("{mss}", await MssFragment(server), StringComparison.Ordinal) : template;
            var bytes = (await server.Http.GetByteArrayAsync(path)).Length;
            await CompileFirst(server, path);
            var run = await WrkRun.Of(server, path, seconds, Connections);
            var here = await OfNginx(nginx, "part.bin");
            await File.WriteAllBytesAsync(Path.Combine(settings["Vod__MediaFolder"], "as-large.bin"), new byte[bytes]);
            var asLarge = await OfNginx(nginx, "as-large.bin");
            Console.Error.WriteLine($"{what}: {run.Requests} requests, {run.Microseconds:0.0} µs each, nginx {here:0} µs for its file, {asLarge:0.0} µs for one as large");
            table.Add(
                what, bytes, Math.Round(run.Microseconds, 1), module, Ratio(run.Microseconds, module), Math.Round(here), Ratio(run.Microseconds, module * here / NginxThere), Math.Round(asLarge, 1), Ratio(run.Microseconds, asLarge),
                Math.Round(run.Requests / Math.Max(run.ServerCpu, 0.01)), run.PerSecond, run.P50, run.P99, run.Errors, Math.Round(server.Usage.ResidentMegabytes), Math.Round(run.LoadCpu / Math.Max(1, run.Requests) * 1e6, 1));
        }

        table.Print();
    }

    static async Task<double> OfNginx(NginxUnderTest? nginx, string file) =>
        nginx is null ? 0 : (await WrkRun.Of(nginx.HttpPort, () => nginx.Usage, $"/{file}", 2, Connections)).Microseconds;

    static double Ratio(double ours, double theirs) => theirs > 0 ? Math.Round(ours / theirs, 2) : 0;

    // What the runtime compiles again while it measures itself is not what a request costs: until it has done so, no figure is one.
    static async Task CompileFirst(ServerUnderTest server, string path)
    {
        var compiled = 0.0;
        for (var round = 0; round < MostRounds; round++)
        {
            await WrkRun.Of(server, path, 3, Connections);
            var now = await Compiled(server);
            if (now - compiled < FewMethods)
            {
                return;
            }

            compiled = now;
        }
    }

    static async Task<double> Compiled(ServerUnderTest server)
    {
        var lines = (await server.Http.GetStringAsync("/metrics")).Split('\n').Where(line => line.StartsWith("dotnet_jit_compiled_methods", StringComparison.Ordinal));
        return lines.Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    static async Task<string> MssFragment(ServerUnderTest server)
    {
        var video = XDocument.Parse(await server.Http.GetStringAsync("/mss/hi.mp4/manifest")).Root!.Elements("StreamIndex").First(stream => stream.Attribute("Type")!.Value == "video");
        return video.Attribute("Url")!.Value.Replace("{bitrate}", video.Element("QualityLevel")!.Attribute("Bitrate")!.Value, StringComparison.Ordinal)
            .Replace("{start time}", "100000000", StringComparison.Ordinal);
    }

    // A process for each, as the runtime compiles what it runs for the first time; then the same of a process that has answered another file.
    static async Task FirstRequests(Dictionary<string, string> settings)
    {
        var table = new Table("vod: the first request for a file of one hour", "what", "process_ready_ms", "process_up_3_s_ms", "another_file_before_ms", "again_ms", "module_ms", "server_mb");
        foreach (var (what, path, module) in Cold)
        {
            double fresh, up, again, second;
            await using (var server = await ServerUnderTest.Start(settings))
            {
                (fresh, again) = (await Milliseconds(server, path), await Milliseconds(server, path));
            }

            await using (var server = await ServerUnderTest.Start(settings))
            {
                await Task.Delay(TimeSpan.FromSeconds(3));   // Vod:WarmUp is over
                up = await Milliseconds(server, path);
            }

            await using (var server = await ServerUnderTest.Start(settings))
            {
                for (var at = 0; at < 40; at++)
                {
                    await server.Http.GetByteArrayAsync(path.Replace("hour", "hi", StringComparison.Ordinal).Replace("-180-", $"-{at % 6 + 1}-", StringComparison.Ordinal));
                }

                second = await Milliseconds(server, path);
                table.Add(what, fresh, up, second, again, module, Math.Round(server.Usage.ResidentMegabytes));
            }
        }

        table.Print();
    }

    static async Task<double> Milliseconds(ServerUnderTest server, string path)
    {
        var started = Stopwatch.GetTimestamp();
        (await server.Http.GetByteArrayAsync(path)).ToString();
        return Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 2);
    }
}
