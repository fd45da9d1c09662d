using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Vod;

/// <summary>What became of one presentation in one player.</summary>
/// <param name="Player">Page of players/.</param>
/// <param name="Path">What it played.</param>
/// <param name="Outcome">"plays", or what went wrong.</param>
/// <param name="IsGood">Whether it played without an error.</param>
sealed record CorpusOutcome(string Player, string Path, string Outcome, bool IsGood);

/// <summary>
/// One presentation in one player: its beginning, a second track of sound and captions where there are any, a place in its midst, and its last seconds; of one
/// without an end some seconds.
/// </summary>
static class CorpusPlay
{
    // A busy machine starts a browser late and decodes slowly; a player that has stopped for good is told from that by its end never coming.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    const string Buffered = "(ranges => [...Array(ranges.length).keys()].map(i => `${ranges.start(i).toFixed(3)}-${ranges.end(i).toFixed(3)}`).join(' '))(document.querySelector('video').buffered)";

    // When the last cue goes; 0 without any.
    const string LastCue = "[...document.querySelector('video').textTracks].reduce((last, track) => [...(track.cues ?? [])].reduce((last, cue) => Math.max(last, cue.endTime), last), 0)";

    const double Seen = 1.5;   // seconds of each place

    static readonly string[] Players = ["hls.js", "dash.js", "shaka"];

    public static async Task<CorpusOutcome> Run(Browser browser, string player, Uri address)
    {
        var page = await browser.Open(browser.PlayerAddress(player, address));
        try
        {
            var outcome = await Play(page, address);
            var errors = page.Errors.Where(error => Players.Any(name => error.StartsWith(name, StringComparison.Ordinal))).ToArray();
            return new(player, address.PathAndQuery, errors.Length == 0 ? outcome : $"{outcome}, but says: {string.Join(" | ", errors)}", errors.Length == 0);
        }
        catch (TimeoutException timeout)
        {
            return new(player, address.PathAndQuery, $"stops: {timeout.Message}; {await page.Read()}; buffered {await page.Evaluate<string>(Buffered)}; {string.Join(" | ", page.Errors.Take(5))}", false);
        }
        finally
        {
            await page.CloseAsync();
        }
    }

    static async Task<string> Play(PlayerPage page, Uri address)
    {
        var state = await Passes(page, "it begins", 0);
        var seen = "plays";
        if (await page.Evaluate<bool>("window.switchAudio()"))
        {
            state = await Passes(page, "another sound", state.Time);
            seen += ", other sound";
        }

        if (await page.Evaluate<bool>("window.showCaptions()") && !address.AbsolutePath.Contains("empty", StringComparison.Ordinal))
        {
            await Eventually.IsTrue("captions are there", Patience, async () => await page.Evaluate<double>(LastCue) > 0);
            seen += ", captions";
        }

        var end = await page.Evaluate<double>("(() => { const video = document.querySelector('video'); return isFinite(video.duration) && video.duration < 1e6 ? video.duration : -1; })()");
        if (end < 0)
        {
            await Passes(page, "it goes on", state.Time + 4);
            return seen + ", live";
        }

        if (end > 8)
        {
            await page.Seek(end * 0.6);
            await Passes(page, "its midst", end * 0.6);
            await page.Seek(end - 2.5);
        }

        // What a player does at the very end is its own: dash.js goes back a little.
        await Eventually.IsTrue($"its end, {end:0.0} s", Patience, async () => await page.Evaluate<bool>("document.querySelector('video').ended") || (await page.Read()).Time >= end - 1);
        var cue = await page.Evaluate<double>(LastCue);
        return cue <= end + Seen ? seen : throw new TimeoutException($"captions that are shown until {cue:0.0} s, of {end:0.0} s");   // their times were counted from elsewhere
    }

    static async Task<PlayerState> Passes(PlayerPage page, string what, double from) =>
        await Eventually.Get(what, Patience, async () => await page.Read() is var now && now.Time >= from + Seen && now.Playing && (now.Width == 0 || now.Frames > 0) ? now : null);
}
