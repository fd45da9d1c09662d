using System.Text.Json;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>An operator says which sounds of an adaptive stream viewers may choose, and how they are called.</summary>
[Collection(Alone.Name)]
public sealed class TrackChoiceTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task A_viewer_hears_the_default_and_changes_to_another_sound()
    {
        Tools.RequirePlayer("hls.js");
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new()
        {
            ["Publish__Renditions__0"] = "spoken", ["Gateway__Hls__Tracks__spoken__Audio__0"] = "a1", ["Gateway__Hls__Tracks__spoken__Audio__1"] = "a11",
            ["Gateway__Hls__Tracks__spoken__DefaultAudio"] = "a11", ["Gateway__Hls__Tracks__spoken__Labels__a1"] = "English",
            ["Gateway__Hls__Tracks__spoken__Labels__a11"] = "Deutsch", ["Gateway__Hls__Tracks__spoken__Languages__a1"] = "en",
            ["Gateway__Hls__Tracks__spoken__Languages__a11"] = "de", ["Gateway__Hls__Tracks__spoken__AudioOnly"] = "true",
        });
        await using var wires = new LadderWires(server.RtmpPort);
        await using var encoder = await wires.Publish("spoken");
        await Eventually.IsTrue("both sounds are offered", Patience, async () =>
            (await server.Http.GetStringAsync(server.Master("spoken"))).Split("TYPE=AUDIO").Length == 3);

        // 1. As another program reads it.
        using var probe = JsonDocument.Parse(await ChildProcess.Run(
            "ffprobe", ["-v", "error", "-of", "json", "-show_entries", "stream=codec_type:stream_tags=language,comment", server.Master("spoken").ToString()], Patience));
        var languages = probe.RootElement.GetProperty("streams").EnumerateArray().Where(stream => stream.GetProperty("codec_type").GetString() == "audio")
            .Select(stream => stream.TryGetProperty("tags", out var tags) && tags.TryGetProperty("language", out var language) ? language.GetString() : null)
            .OfType<string>().Distinct().Order();   // the variant of sound alone has no tags
        Assert.Equal(["de", "en"], languages);

        // 2. As a viewer does.
        await using var browser = await Browser.Start();
        var page = await browser.Open(browser.PlayerAddress("hls.html", server.Master("spoken")));
        var state = await page.Plays(Patience);
        Assert.Equal("Deutsch de|English en", await page.Evaluate("hls.audioTracks.map(track => track.name + ' ' + track.lang).join('|')"));
        Assert.Equal("Deutsch", await page.Evaluate("hls.audioTracks[hls.audioTrack].name"));
        await page.Evaluate("String(hls.audioTrack = hls.audioTracks.findIndex(track => track.name === 'English'))");
        await page.Plays(Patience, state with { Time = state.Time + 6 });
        Assert.Equal("English", await page.Evaluate("hls.audioTracks[hls.audioTrack].name"));
    }
}
