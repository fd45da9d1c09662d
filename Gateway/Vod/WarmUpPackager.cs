using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Tributary.Gateway.Vod;

/// <summary>
/// A packager of its own and a small movie: requests go the real way, from the path to the last byte, and nothing of it is counted, kept or seen where
/// viewers ask. Metadata is read anew for each request.
/// </summary>
sealed class WarmUpPackager : IAsyncDisposable
{
    /// <summary>What it can be asked for.</summary>
    public static readonly string[] Files =
    [
        "/hls{0}/movie.mp4/master.m3u8", "/hls{0}/movie.mp4/index-v1-a1.m3u8", "/hls{0}/movie.mp4/iframes-v1-a1.m3u8", "/hls{0}/movie.mp4/seg-2-v1-a1.ts",
        "/hls{0}/movie.mp4/init-v1-a1.mp4", "/hls{0}/movie.mp4/seg-2-v1-a1.m4s", "/accurate{0}/movie.mp4/index-v1-a1.m3u8", "/accurate{0}/movie.mp4/seg-2-v1-a1.ts",
        "/dash{0}/movie.mp4/manifest.mpd", "/dash{0}/movie.mp4/init-v1-x3.mp4", "/dash{0}/movie.mp4/fragment-2-v1-x3.m4s", "/dash{0}/movie.mp4/fragment-2-a1-x3.m4s",
        "/mss{0}/movie.mp4/manifest", "/mss{0}/movie.mp4/QualityLevels(65536)/Fragments(video=100000000)", "/hds{0}/movie.mp4/manifest.f4m",
        "/hds{0}/movie.mp4/frag-v1-a1-Seg1-Frag2", "/media{0}/movie.mp4",
    ];

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tributary-warm-up-");
    readonly ServiceProvider _services;
    readonly VodEndpoint _endpoint;

    WarmUpPackager()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(Settings(_folder.FullName)).Build();
        _services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton(TimeProvider.System)
            .AddSingleton<IMeterFactory, UnheardMeters>().AddVod(configuration).BuildServiceProvider();
        _endpoint = _services.GetRequiredService<VodEndpoint>();
    }

    /// <summary>Writes the movie, and reads the locations.</summary>
    /// <exception cref="IOException">There is no room for the movie.</exception>
    public static async Task<WarmUpPackager> Start(CancellationToken cancellation)
    {
        var packager = new WarmUpPackager();
        WarmUpMovie.Write(Path.Combine(packager._folder.FullName, "movie.mp4"));
        await packager._services.GetRequiredService<VodLocations>().StartAsync(cancellation);
        return packager;
    }

    /// <summary>Asks for one of <see cref="Files"/>, of so many milliseconds of the movie. Returns the answer's status.</summary>
    public async Task<int> Ask(string file, int milliseconds, CancellationToken cancellation)
    {
        var context = new DefaultHttpContext { RequestAborted = cancellation };
        context.Request.Method = HttpMethods.Get;
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("localhost");
        context.Request.Path = string.Format(CultureInfo.InvariantCulture, file, $"/clipTo/{milliseconds}");
        context.Request.Headers.AcceptEncoding = "gzip";
        context.Response.Body = Stream.Null;
        await _endpoint.Handle(context, _ => Task.CompletedTask);
        return context.Response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    static Dictionary<string, string?> Settings(string folder) => new()
    {
        ["Vod:MediaFolder"] = folder,
        ["Vod:MetadataCacheBytes"] = "1",
        ["Vod:Locations:0:prefix"] = "/accurate",
        ["Vod:Locations:0:packager"] = "hls",
        ["Vod:Locations:0:root"] = folder,
        ["Vod:Locations:0:options:manifest_segment_durations_mode"] = "accurate",
        ["Vod:Locations:0:options:align_segments_to_key_frames"] = "on",
    };

    /// <summary>Meters under a name that nobody listens to.</summary>
    sealed class UnheardMeters : IMeterFactory
    {
        readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter("warm-up");
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
