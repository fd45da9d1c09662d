using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Tributary.Gateway;
using Tributary.Gateway.Live;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Recordings;
using Tributary.Grains.ServerNodes;
using Tributary.Media.Frames;
using Tributary.Unit.Packaging;

namespace Tributary.Unit.Gateway;

/// <summary>A gateway on a port of its own, fed through the real frames provider, with fake grains behind it.</summary>
sealed class GatewayHost : IAsyncDisposable
{
    readonly WebApplication _app;

    GatewayHost(WebApplication app, FakeCluster cluster)
    {
        (_app, Cluster) = (app, cluster);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public FakeCluster Cluster { get; }

    public HttpClient Client { get; }

    public SyntheticStream Media { get; } = new();

    public IServiceProvider Services => _app.Services;

    public static Task<GatewayHost> Start(params (string Key, string Value)[] settings) => Start(TimeProvider.System, settings);

    public static async Task<GatewayHost> Start(TimeProvider time, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>("Vod:WarmUp", "00:00:00")]);
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value)));
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var (grains, cluster) = FakeCluster.Create();
        builder.Services.AddRoutingCore();
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(grains);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(new NodeIdentity("gateway-1", ""));
        builder.Services.AddFrameStreams(builder.Configuration);
        builder.Services.AddRecordings(builder.Configuration, Path.Combine(AppContext.BaseDirectory, "journals"));
        builder.Services.AddGateway(builder.Configuration);
        var app = builder.Build();
        app.UseRouting();
        app.MapGateway();
        await app.StartAsync();
        return new GatewayHost(app, cluster);
    }

    /// <summary>Publishes frames of a stream as a hub on this host would.</summary>
    public void Publish(string stream, params IEnumerable<MarkedFrame> frames)
    {
        MarkedFrame[] batch = [.. frames];
        _ = Frames(stream).OnNextAsync(new FrameBatch(batch));
        foreach (var frame in batch)
        {
            frame.Frame.Data.Release();
        }
    }

    public void Signal(string stream, StreamSignal signal) => _ = Frames(stream).OnNextAsync(new FrameBatch(default, signal));

    /// <summary>A live stream with complete segments up to before <paramref name="end"/>.</summary>
    public void GoLive(string stream, long end)
    {
        Cluster.Stream(stream).State = StreamState.Live;
        for (var msn = 0L; msn <= end; msn++)
        {
            Publish(stream, Media.Segment(Media.Mark(msn)));
        }
    }

    /// <summary>Until so many requests are held.</summary>
    public async Task UntilHeld(int requests)
    {
        var waits = Services.GetRequiredService<WaitLimit>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (waits.Count != requests)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public async Task<(HttpStatusCode Status, string Text)> Get(string path)
    {
        using var response = await Client.GetAsync(path);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        foreach (var stream in new[] { "demo", "other" })
        {
            Services.GetRequiredService<FrameChannels>().Close(stream);
        }

        await _app.DisposeAsync();
        Media.Dispose();
        Assert.Equal(0, Media.Pool.SlabsInUse);
    }

    IAsyncStream<FrameBatch> Frames(string stream) =>
        Services.GetRequiredKeyedService<IStreamProvider>(FrameStreamProvider.ProviderName).GetStream<FrameBatch>(FrameStreamHosting.FramesOf(stream));
}
