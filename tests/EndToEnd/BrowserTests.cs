using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>Players in a browser. A stall is a second in which the picture's time does not go on.</summary>
[Collection(Alone.Name)]
public sealed class BrowserTests(BrowserTests.Started started, ITestOutputHelper output) : IClassFixture<BrowserTests.Started>
{
    const string OurPage = "our page";
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(30), Watched = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task The_players_run_thirty_seconds_without_a_stall()
    {
        Tools.RequirePlayer("hls.js");
        Tools.RequirePlayer("shaka-player");
        var (server, browser) = await started.Get();
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("browser"));
        await server.IsPlayable("browser");
        var addresses = new Dictionary<string, string>
        {
            [OurPage] = server.Url("/live/browser").ToString(),
            ["hls.js, transport stream"] = browser.PlayerAddress("hls.html", server.TsMaster("browser")),
            ["Shaka"] = browser.PlayerAddress("shaka.html", server.Master("browser")),
        };
        await Task.WhenAll(addresses.Select(address => PlaysWithoutStall(browser, address.Key, address.Value)));
    }

    [SkippableTheory]
    [InlineData("HTTP-FLV", "http", "flv")]
    [InlineData("WebSocket-FLV", "ws", "flv")]
    [InlineData("MPEG-TS over HTTP", "http", "ts")]
    public async Task Mpegts_js_plays_and_goes_on_when_the_encoder_comes_back(string name, string scheme, string form)
    {
        Tools.RequirePlayer("mpegts.js");
        var (server, browser) = await started.Get();
        var stream = $"mpegts-{scheme}-{form}";
        started.Keep(stream, Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp(stream)));
        await server.IsPlayable(stream);
        var address = new UriBuilder(server.Url($"/live/{stream}.{form}")) { Scheme = scheme }.Uri;
        var page = await browser.Open(browser.PlayerAddress("mpegts.html", address));
        var start = await page.Plays(StartWithin);
        var later = await page.Plays(StartWithin, start with { Time = start.Time + 10 });
        output.WriteLine($"figure: mpegts.js, {name}: {later.Frames - start.Frames} frames in {later.Time - start.Time:0.0} s, {later.Latency:0.0} s of the stream ahead, {later.Waits} waits, {later.Sound - start.Sound:0} bytes of sound decoded");
        Assert.True(later.Sound > start.Sound, "no sound was decoded");

        await started.Stop(stream);
        await using var again = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp(stream));
        var before = await page.Read();
        await page.Plays(StartWithin, before with { Time = before.Time + 10 });
        output.WriteLine($"mpegts.js, {name}, errors: {string.Join(" | ", page.Errors)}");
    }

    [SkippableFact]
    public async Task A_page_without_pictures_plays_the_sound()
    {
        Tools.RequirePlayer("hls.js");
        var (server, browser) = await started.Get();
        await using var publisher = Ffmpeg.Publish(await SourceMedia.AudioOnly, server.Rtmp("browser-sound"));
        await server.IsPlayable("browser-sound");
        var page = await browser.Open(server.Url("/live/browser-sound").ToString());
        await page.Plays(StartWithin);
    }

    [SkippableFact]
    public async Task The_same_page_goes_on_when_the_publisher_comes_back()
    {
        Tools.RequirePlayer("hls.js");
        var (server, browser) = await started.Get();
        await using var client = await FirstPublication(server, "comeback");
        var page = await browser.Open(server.Url("/live/comeback").ToString());
        await page.Plays(StartWithin);
        await started.Stop("comeback");

        // What an encoder's user does: five seconds pass.
        await Task.Delay(TimeSpan.FromSeconds(5));
        var before = await page.Read();
        var last = client.Video.Last;
        await using var again = Ffmpeg.Publish(await SourceMedia.Medium, server.Rtmp("comeback"));
        await client.Until("segments of the second publication", TimeSpan.FromSeconds(20), rendition => rendition.Last >= last + 4);
        await page.Plays(StartWithin, before);

        client.AssertNothingWrong();
        Assert.All(client.Renditions, rendition => Assert.Equal(1, rendition.Discontinuities));
        Assert.All(client.Renditions, rendition => Assert.Equal(
            rendition.Segments.Select((_, i) => rendition.Segments[0].Msn + i), rendition.Segments.Select(segment => segment.Msn)));
    }

    [SkippableFact]
    public async Task The_page_says_when_nobody_publishes()
    {
        var (server, browser) = await started.Get();
        var page = await browser.Open(server.Url("/live/nobody-publishes-this").ToString());
        var text = await Eventually.Get("the page says something", TimeSpan.FromSeconds(15), async () =>
            (await page.Read()).Text is { } text && text.Contains("publish", StringComparison.OrdinalIgnoreCase) ? text : null);
        Assert.Contains("nobody-publishes-this", text, StringComparison.Ordinal);
    }

    async Task<StrictHlsClient> FirstPublication(ServerProcess server, string stream)
    {
        started.Keep(stream, Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp(stream)));
        return await StrictHlsClient.Open(server.Http, server.Master(stream));
    }

    static async Task PlaysWithoutStall(Browser browser, string name, string address)
    {
        var page = await browser.Open(address);
        var start = await page.Plays(StartWithin);
        var (before, stalls, clock) = (start, new List<double>(), System.Diagnostics.Stopwatch.StartNew());
        while (clock.Elapsed < Watched)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));   // the watch of somebody who looks once a second
            var now = await page.Read();
            if (now.Time <= before.Time)
            {
                stalls.Add(now.Time);
            }

            before = now;
        }

        // Our page never runs dry, not even for a moment; others choose for themselves how close to the edge they play.
        Assert.True(stalls.Count == 0 && (name != OurPage || before.Waits == start.Waits), $"{name} stalled at {string.Join(", ", stalls)}; waits {before.Waits - start.Waits}; {string.Join(" | ", page.Errors)}");
        Assert.True(before.Time - start.Time >= 0.9 * Watched.TotalSeconds, $"{name} played {before.Time - start.Time:0.0} s");
        // A browser without a graphics card on a busy machine drops frames, but decodes them.
        Assert.True(before.Frames - start.Frames >= 25 * Watched.TotalSeconds, $"{name} decoded {before.Frames - start.Frames} frames");
    }

    /// <summary>The browser of these tests, once.</summary>
    public sealed class Started : IAsyncLifetime
    {
        readonly Dictionary<string, ChildProcess> _publishers = [];
        Browser? _browser;

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync()
        {
            foreach (var publisher in _publishers.Values)
            {
                await publisher.DisposeAsync();
            }

            if (_browser is not null)
            {
                await _browser.DisposeAsync();
            }
        }

        internal async Task<(ServerProcess Server, Browser Browser)> Get() => (await SharedServer.Get(), _browser ??= await Browser.Start());

        internal void Keep(string stream, ChildProcess publisher) => _publishers[stream] = publisher;

        /// <summary>Ctrl-C at the encoder: it says good-bye.</summary>
        internal async Task Stop(string stream)
        {
            _publishers[stream].Signal("INT");
            await _publishers[stream].Ends(TimeSpan.FromSeconds(10));
        }
    }
}
