using Tributary.EndToEnd.Harness;
using Tributary.Unit.Packaging;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>One encoder with three outputs: one adaptive stream, also while one of the outputs is away.</summary>
[Collection(Alone.Name)]
public sealed class RenditionTests(ITestOutputHelper output)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task All_renditions_are_aligned_and_one_that_is_lost_shows_its_nearest_until_it_is_back(int lost)
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new() { ["Publish__Renditions__0"] = "ladder*" });
        await using var wires = new LadderWires(server.RtmpPort);
        var name = $"ladder{lost}";
        await using var encoder = await wires.Publish(name);
        await UntilAllAreThere(server, name);
        await using var hls = await StrictHlsClient.Open(server.Http, server.Master(name));
        await using var low = await LowLatencyClient.Open(server.Http, server.Master(name));
        await using var dash = await DashClient.Open(server.Http, server.Url($"/live/{name}/manifest.mpd"));
        await hls.UntilSegments(5, Patience);

        var track = lost == 1 ? "-v1." : $"-v{(lost - 1) * 10 + 1}.";
        var rendition = hls.Renditions.Single(one => one.Address.AbsolutePath.Contains(track, StringComparison.Ordinal));
        wires[lost].Cut();
        await Eventually.IsTrue("it shows its nearest", Patience, () => rendition.Segments.Count(segment => !Is(segment, track)) >= 3);
        wires[lost].Mend();
        await Eventually.IsTrue("it is back", Patience, () => Is(rendition.Segments[^1], track) && Is(rendition.Segments[^2], track));

        hls.AssertNothingWrong();
        string[] problems = [.. low.Problems, .. dash.Problems];
        Assert.True(problems.Length == 0, string.Join('\n', problems.Take(10)));
        Assert.All(hls.Renditions, one => Assert.DoesNotContain(one.Segments, segment => segment.Gap));
        Assert.All(hls.Renditions, one => Assert.Equal(0, one.Discontinuities));
        var files = rendition.Save(name);
        Assert.Equal(3, files.Count);   // its own, the nearest's, its own
        foreach (var file in files)
        {
            Assert.Equal("", await Ffmpeg.DecodeErrors(file));
        }

        output.WriteLine($"{rendition.Segments.Count} segments, {rendition.Segments.Count(segment => !Is(segment, track))} of them from the nearest; {dash.Periods.Count} periods");
    }

    // When a player dares to take more again is its own choice, and depends on the machine: a figure, no assertion.
    [SkippableFact]
    public async Task A_player_takes_the_rendition_that_its_network_carries_and_plays_on_while_one_is_lost()
    {
        Tools.RequirePlayer("hls.js");
        await using var server = await ServerProcess.Start(new() { ["Publish__Renditions__0"] = "ladder" });
        await using var wires = new LadderWires(server.RtmpPort);
        await using var encoder = await wires.Publish("ladder");
        await UntilAllAreThere(server, "ladder");
        await using var browser = await Browser.Start();
        var page = await browser.Open(browser.PlayerAddress("hls.html", server.Url("/live/ladder/master.m3u8")));
        await page.Plays(Patience);
        await Eventually.IsTrue("the best picture", Patience, async () => (await page.Read()).Width == 640);
        await page.Throttle(bitsPerSecond: 330_000);
        await Eventually.IsTrue("a smaller picture", Patience, async () => (await page.Read()).Width < 640);
        await page.Throttle(null);

        var before = await page.Read();
        wires[1].Cut();
        var without = await page.Plays(Patience, before with { Time = before.Time + 10 });
        wires[1].Mend();
        await page.Plays(Patience, without with { Time = without.Time + 10 });
        var after = await page.Read();
        output.WriteLine($"figure: hls.js with three renditions: {after.Waits} waits, {after.Width} pixels wide at the end; {string.Join(" | ", page.Errors)}");
    }

    static bool Is(ListedSegment segment, string track) => segment.Uri.Contains(track, StringComparison.Ordinal);

    static Task UntilAllAreThere(ServerProcess server, string name) => Eventually.IsTrue($"three renditions of {name}", Patience, async () =>
    {
        using var answer = await server.Http.GetAsync(server.Master(name));
        return answer.IsSuccessStatusCode && (await answer.Content.ReadAsStringAsync()).Split("RESOLUTION=").Length == 4;
    });
}
