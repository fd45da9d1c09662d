using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Outside;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Platform;

/// <summary>Live entries that are streams of somebody else's server.</summary>
public sealed class OtherServersTests : IAsyncLifetime
{
    readonly ConcurrentDictionary<string, string> _served = new();
    readonly ConcurrentQueue<string> _asked = new();
    readonly ManualTime _time = new();
    WebApplication _app = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(context =>
        {
            _asked.Enqueue(context.Request.Path);
            context.Response.StatusCode = _served.TryGetValue(context.Request.Path, out var text) ? 200 : 404;
            return context.Response.WriteAsync(text ?? "");
        });
        await _app.StartAsync();
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task A_stream_is_on_air_while_its_address_and_its_first_rendition_answer()
    {
        using var others = Others("127.0.0.1");
        Assert.False(await others.IsOnAir(At("/live/master.m3u8")));

        _served["/live/master.m3u8"] = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/index.m3u8\n";
        _time.Advance(OtherServers.OffAirAge + TimeSpan.FromSeconds(1));
        Assert.False(await others.IsOnAir(At("/live/master.m3u8")));

        _served["/live/low/index.m3u8"] = "#EXTM3U\n";
        _time.Advance(OtherServers.OffAirAge + TimeSpan.FromSeconds(1));
        Assert.True(await others.IsOnAir(At("/live/master.m3u8")));

        _served["/live/manifest.mpd"] = "<MPD/>";
        Assert.True(await others.IsOnAir(At("/live/manifest.mpd")));
    }

    [Fact]
    public async Task What_it_said_is_kept_for_all_who_ask()
    {
        using var others = Others("127.0.0.1");
        _served["/a.m3u8"] = "#EXTM3U\n";
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => others.IsOnAir(At("/a.m3u8")))), Assert.True);
        Assert.Single(_asked);

        _served.Clear();
        _time.Advance(OtherServers.OnAirAge);
        Assert.True(await others.IsOnAir(At("/a.m3u8")));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await others.IsOnAir(At("/a.m3u8")));
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task Nothing_inside_is_asked_that_the_operator_did_not_list()
    {
        using var others = Others();
        _served["/a.m3u8"] = "#EXTM3U\n";
        Assert.False(await others.IsOnAir(At("/a.m3u8")));
        Assert.False(await others.IsOnAir(new UriBuilder(At("/a.m3u8")) { Host = "localhost" }.Uri));
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData("", "http://a/x.m3u8")]
    [InlineData("applehttp", "http://a/x.m3u8")]
    [InlineData("mpegdash", "https://b/x.mpd")]
    [InlineData("hds", null)]
    [InlineData("rtmp", null)]   // no address that HTTP reaches
    public void An_entry_names_an_address_by_protocol(string protocol, string? address)
    {
        var entry = new PlatformObject("LiveStreamEntry")
        {
            { "hlsStreamUrl", "http://a/x.m3u8" },
            { "liveStreamConfigurations", new List<object?> { Configuration("mpegdash", "https://b/x.mpd"), Configuration("rtmp", "rtmp://c/x") } },
        };
        Assert.Equal(address, OtherServers.AddressOf(entry, protocol)?.AbsoluteUri);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::ffff:192.168.0.1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("2606:4700::1111", true)]
    public void Addresses_of_the_public_internet(string address, bool outside) => Assert.Equal(outside, OutsideHttp.IsOutside(IPAddress.Parse(address)));

    static PlatformObject Configuration(string protocol, string url) => new("LiveStreamConfiguration") { { "protocol", protocol }, { "url", url } };

    Uri At(string path) => new(_app.Urls.First() + path);

    OtherServers Others(params string[] inside)
    {
        var options = Options.Create(new PlatformOptions { InsideHosts = inside });
        return new OtherServers(new OutsideHttp(options), options, _time, new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
    }
}
