using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace Tributary.EndToEnd.Harness;

/// <summary>Debian's Chromium without a window, and a small site of the tests that holds players which are not ours.</summary>
sealed class Browser : IAsyncDisposable
{
    static readonly string[] Flags =
    [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
    ];

    readonly IPlaywright _playwright;
    readonly IBrowser _browser;
    readonly WebApplication _site;

    Browser(IPlaywright playwright, IBrowser browser, WebApplication site) => (_playwright, _browser, _site) = (playwright, browser, site);

    public static async Task<Browser> Start()
    {
        Tools.Require(Tools.Chromium);
        Environment.SetEnvironmentVariable("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Tools.Chromium, Headless = true, Args = Flags });
        return new Browser(playwright, browser, await StartSite());
    }

    /// <summary>Opens an address; what the page reports as an error ends up in <see cref="PlayerPage.Errors"/>.</summary>
    public async Task<PlayerPage> Open(string address)
    {
        var page = await _browser.NewPageAsync();
        var player = new PlayerPage(page);
        await page.GotoAsync(address, new PageGotoOptions { WaitUntil = WaitUntilState.DOMContentLoaded });
        return player;
    }

    /// <summary>The address of a page of players/ for a playlist.</summary>
    public string PlayerAddress(string page, Uri playlist) =>
        $"{_site.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()}/{page}?src={Uri.EscapeDataString(playlist.ToString())}";

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
        await _site.DisposeAsync();
    }

    static async Task<WebApplication> StartSite()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var site = builder.Build();
        site.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.Combine(Repository.Root, "tests/EndToEnd/players")),
            OnPrepareResponse = context => context.Context.Response.Headers.CacheControl = "no-store",
        });
        await site.StartAsync();
        return site;
    }
}

/// <summary>A page with one video element, and what it has gone through.</summary>
sealed class PlayerPage
{
    readonly IPage _page;
    readonly List<string> _errors = [];
    ICDPSession? _devtools;

    public PlayerPage(IPage page)
    {
        _page = page;
        page.PageError += (_, error) => _errors.Add(error);
        page.Response += (_, response) =>
        {
            if (response.Status >= 400)
            {
                _errors.Add($"{response.Status} {new Uri(response.Url).PathAndQuery}");
            }
        };
        page.Console += (_, message) =>
        {
            // The browser's own line about a refused request has no address: the answer itself is noted above.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource: the server responded", StringComparison.Ordinal))
            {
                _errors.Add(message.Text);
            }
        };
    }

    public IReadOnlyList<string> Errors => _errors;

    /// <summary>What an expression is in the page.</summary>
    public Task<string> Evaluate(string expression) => _page.EvaluateAsync<string>(expression);

    public async Task<PlayerState> Read() => await _page.EvaluateAsync<PlayerState>(
        """
        () => {
          const video = document.querySelector('video');
          if (!video) return { frames: 0, time: 0, width: 0, waits: 0, sound: 0, latency: 0, playing: false, text: document.body.innerText, buffered: '' };
          if (!window.__watched) {
            window.__watched = true; window.__waits = 0;
            video.addEventListener('waiting', () => { window.__waits++; });
          }
          const quality = video.getVideoPlaybackQuality();
          return { frames: quality.totalVideoFrames, time: video.currentTime, width: video.videoWidth, waits: window.__waits, sound: video.webkitAudioDecodedByteCount, latency: window.latency ? window.latency() : 0,
            playing: !video.paused && video.readyState >= 3, text: document.body.innerText,
            buffered: [...Array(video.buffered.length).keys()].map(at => `${video.buffered.start(at)}-${video.buffered.end(at)}`).join(' ') };
        }
        """);

    public Task<T> Evaluate<T>(string expression) => _page.EvaluateAsync<T>(expression);

    /// <summary>Goes to a place, or as near before it as the page's player does (<c>window.seek</c>).</summary>
    public Task Seek(double seconds) => _page.EvaluateAsync("seconds => { window.seek ? window.seek(seconds) : document.querySelector('video').currentTime = seconds; }", seconds);

    public Task CloseAsync() => _page.CloseAsync();

    /// <summary>Lets so many bits per second through; null: as many as there are.</summary>
    public async Task Throttle(int? bitsPerSecond)
    {
        _devtools ??= await _page.Context.NewCDPSessionAsync(_page);
        await _devtools.SendAsync("Network.emulateNetworkConditions", new Dictionary<string, object>
        {
            ["offline"] = false, ["latency"] = 0, ["downloadThroughput"] = bitsPerSecond / 8 ?? -1, ["uploadThroughput"] = -1,
        });
    }

    /// <summary>Waits until frames are decoded and time goes on, and gives the state then.</summary>
    public async Task<PlayerState> Plays(TimeSpan within, PlayerState? since = null)
    {
        PlayerState? first = null;
        try
        {
            return await Eventually.Get("the page plays", within, async () =>
            {
                var now = await Read();
                first ??= since ?? now;
                return now.Playing && now.Time > first.Time + 0.5 && (now.Width == 0 || now.Frames > first.Frames) ? now : null;
            });
        }
        catch (TimeoutException timeout)
        {
            var last = await Read();
            var told = await Evaluate("window.told ? window.told() : ''");
            throw new TimeoutException($"{timeout.Message}; it is at {last}; its errors: {string.Join(" | ", _errors.TakeLast(10))}; it did: {told}", timeout);
        }
    }
}

/// <summary>What a page shows at one moment.</summary>
sealed record PlayerState
{
    public int Frames { get; init; }

    public double Time { get; init; }

    public int Width { get; init; }

    public int Waits { get; init; }

    /// <summary>Bytes of sound that were decoded.</summary>
    public double Sound { get; init; }

    /// <summary>Seconds behind the wall clock, where the page can tell.</summary>
    public double Latency { get; init; }

    public bool Playing { get; init; }

    public string Text { get; init; } = "";

    /// <summary>What it has, in seconds.</summary>
    public string Buffered { get; init; } = "";
}
