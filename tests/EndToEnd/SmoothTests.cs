using System.Xml.Linq;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

[Collection(Alone.Name)]
public sealed class SmoothTests(ITestOutputHelper output)
{
    // A player begins some fragments behind the newest.
    const int Enough = 5;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [SkippableTheory]
    [InlineData("smooth/manifest")]
    [InlineData("smooth.ism/Manifest")]
    public async Task Dash_js_plays_smooth_streaming(string address)
    {
        Tools.RequirePlayer("dashjs");
        var server = await SharedServer.Get();
        await using var browser = await Browser.Start();
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("smooth"));
        await server.IsPlayable("smooth");
        await Eventually.IsTrue("fragments are listed", Patience, async () => await Fragments(server, address) >= Enough);
        var page = await browser.Open(browser.PlayerAddress("smooth.html", server.Url("/live/" + address)));
        var state = await page.Plays(Patience);
        state = await page.Plays(Patience, state with { Time = state.Time + 15 });
        Assert.Equal(640, state.Width);
        output.WriteLine($"{state}; {string.Join(" | ", page.Errors)}");
    }

    static async Task<int> Fragments(ServerProcess server, string address)
    {
        using var answer = await server.Http.GetAsync("/live/" + address);
        return answer.IsSuccessStatusCode
            ? XDocument.Parse(await answer.Content.ReadAsStringAsync()).Descendants("c").Sum(chunk => (int?)chunk.Attribute("r") ?? 1) / 2
            : 0;
    }
}
