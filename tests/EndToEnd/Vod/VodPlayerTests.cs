using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Vod;

/// <summary>Players in a browser play a file into its last second. What they do at the very end is theirs: dash.js goes back a little.</summary>
[Collection(Alone.Name)]
public sealed class VodPlayerTests(FilmServer films, ITestOutputHelper output) : IClassFixture<FilmServer>
{
    // A busy machine starts a browser late and decodes slowly; a player that has stopped for good is told from that by its end never coming.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    static readonly string[] Players = ["hls.js", "dash.js", "shaka"];

    [SkippableFact]
    public async Task Every_player_plays_a_file_into_its_last_second()
    {
        Tools.Require("ffmpeg");
        Tools.RequirePlayer("hls.js");
        Tools.RequirePlayer("dashjs");
        Tools.RequirePlayer("shaka-player");
        await using var browser = await Browser.Start();
        await Task.WhenAll(
            Plays(browser, "hls.html", "/hls/film.mp4/master.m3u8"), Plays(browser, "hls.html", "/hls-fmp4/film.mp4/master.m3u8"),
            Plays(browser, "dash.html", "/dash/film.mp4/manifest.mpd"), Plays(browser, "smooth.html", "/mss/film.mp4/manifest"),
            Plays(browser, "shaka.html", "/dash/film.mp4/manifest.mpd"), Plays(browser, "shaka.html", "/hls-fmp4/film.mp4/master.m3u8"));
    }

    async Task Plays(Browser browser, string player, string path)
    {
        var page = await browser.Open(browser.PlayerAddress(player, films.Server.Url(path)));
        PlayerState? last = null;
        try
        {
            last = await Eventually.Get($"{player} plays {path}", Patience, async () => (last = await page.Read()).Time >= FilmServer.Seconds - 1 ? last : null);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}; it is at {last}; its errors: {string.Join(" | ", page.Errors)}; {films.Server.LogTail}", timeout);
        }

        output.WriteLine($"{player} {path}: {last}; {string.Join(" | ", page.Errors)}");
        Assert.Equal(320, last.Width);
        // What is late is dropped without a graphics card; that pictures came out of the decoder to the end is what the server owes.
        Assert.InRange(last.Frames, FilmServer.Seconds * FilmServer.FramesPerSecond / 2, (FilmServer.Seconds + 1) * FilmServer.FramesPerSecond * 2);
        Assert.DoesNotContain(page.Errors, error => Players.Any(name => error.StartsWith(name, StringComparison.Ordinal)));
    }
}
