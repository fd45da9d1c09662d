using System.Diagnostics;
using System.Xml;
using System.Xml.Linq;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Conformance;

/// <summary>Players in a browser at the live edge. Latency is the wall clock minus that of the picture shown, as the server stamped its arrival.</summary>
[Collection(Alone.Name)]
public sealed class LowLatencyPlayersTests(ITestOutputHelper output)
{
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(30), GoOnWithin = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task Hls_js_plays_at_the_edge_for_a_minute()
    {
        Tools.RequirePlayer("hls.js");
        var server = await SharedServer.Get();
        await using var browser = await Browser.Start();
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("low"), "-stream_loop", "1");
        await HasBeenOnAir(server, "low", TimeSpan.FromSeconds(8));   // a stall at a stream's birth moves its target a second back for good
        var page = await browser.Open(browser.PlayerAddress("hls.html", server.Master("low")));
        await page.Plays(StartWithin);
        await Task.Delay(TimeSpan.FromSeconds(3));   // it starts a little behind and catches up
        var (latencies, stalls) = await Look(page, TimeSpan.FromSeconds(60));
        output.WriteLine($"figure: hls.js, low latency, for a minute: latency {Figures(latencies)}, {stalls} stalls of a second; it says: {await page.Evaluate("target()")}; {string.Join(" | ", page.Errors)}");

        // How near it stays depends on who else uses the machine: at most 2 s and no stall is the aim, and a figure. That it plays on is the test.
        var last = await page.Read();
        await page.Plays(StartWithin, last with { Time = last.Time + 5 });
    }

    [SkippableTheory]
    [InlineData("Shaka, low-latency HLS", "shaka.html", "master.m3u8")]
    [InlineData("Shaka, DASH", "shaka.html", "manifest.mpd")]
    [InlineData("dash.js", "dash.html", "manifest.mpd")]
    [InlineData("dash.js, low latency", "dash.html", "manifest-ll.mpd")]
    public async Task A_player_goes_on_when_its_encoder_comes_back(string name, string html, string address)
    {
        Tools.RequirePlayer("shaka-player");
        Tools.RequirePlayer("dashjs");
        var server = await SharedServer.Get();
        var stream = "again-" + Math.Abs(name.GetHashCode(StringComparison.Ordinal));
        await using var browser = await Browser.Start();
        await using var first = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp(stream));
        await HasBeenOnAir(server, stream, TimeSpan.FromSeconds(8));
        var page = await browser.Open(browser.PlayerAddress(html, server.Url($"/live/{stream}/{address}")));
        await page.Plays(StartWithin);
        var (latencies, stalls) = await Look(page, TimeSpan.FromSeconds(10));
        output.WriteLine($"{name}: latency {Figures(latencies)}, {stalls} stalls of a second, {(await page.Read()).Waits} waits; {string.Join(" | ", page.Errors)}");
        first.Signal("INT");
        await first.Ends(TimeSpan.FromSeconds(10));
        await Task.Delay(TimeSpan.FromSeconds(3));
        var before = await page.Read();
        await using var again = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp(stream));
        await GoesOn(page, before with { Time = before.Time + 10 }, again, server.Url($"/live/{stream}/{address}"));
        (latencies, _) = await Look(page, TimeSpan.FromSeconds(3));
        output.WriteLine($"{name}, after the restart: latency {Figures(latencies)}; {string.Join(" | ", page.Errors)}");
    }

    // Whoever comes while less is listed than players stay behind (6 s) has little in hand, and on a busy machine runs dry again and again. From the fourth
    // time on Chromium wants 3 s of sound before it goes on, and where less is left before the hole between two encoders it waits for ever.
    static async Task HasBeenOnAir(ServerProcess server, string stream, TimeSpan duration)
    {
        await server.IsPlayable(stream);
        await Eventually.IsTrue($"{stream} has been on air for {duration}", StartWithin, async () =>
        {
            using var answer = await server.Http.GetAsync(server.Url($"/live/{stream}/manifest.mpd"));
            return answer.IsSuccessStatusCode && Depth(XDocument.Parse(await answer.Content.ReadAsStringAsync())) >= duration;
        });
    }

    static TimeSpan Depth(XDocument manifest) => XmlConvert.ToTimeSpan((string)manifest.Root!.Attribute("timeShiftBufferDepth")!);

    // A player that stands still says nothing of itself: what it was to play says more.
    static async Task GoesOn(PlayerPage page, PlayerState since, ChildProcess encoder, Uri manifest)
    {
        try
        {
            await page.Plays(GoOnWithin, since);
        }
        catch (TimeoutException timeout)
        {
            using var http = new HttpClient();
            throw new TimeoutException($"{timeout.Message}\nits encoder has {(encoder.HasExited ? "ended" : "not ended")}\n{await http.GetStringAsync(manifest)}", timeout);
        }
    }

    // The watch of somebody who looks once a second: latencies in order, and how often the picture's time did not go on.
    static async Task<(List<double> Latencies, int Stalls)> Look(PlayerPage page, TimeSpan duration)
    {
        var (latencies, stalls, clock, before) = (new List<double>(), 0, Stopwatch.StartNew(), await page.Read());
        while (clock.Elapsed < duration)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            var now = await page.Read();
            latencies.Add(now.Latency);
            stalls += now.Time <= before.Time ? 1 : 0;
            before = now;
        }

        latencies.Sort();
        return (latencies, stalls);
    }

    static string Figures(List<double> sorted) => $"p50 {sorted[sorted.Count / 2]:0.00} s, p95 {sorted[(int)(sorted.Count * 0.95)]:0.00} s, max {sorted[^1]:0.00} s";
}
