using System.Collections.Concurrent;
using System.Text.Json;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Vod;

/// <summary>
/// Files and mappings in players that play their forms. Without more, a few of the sample that differ most; with the folders that <c>VOD_CASES</c> and
/// <c>VOD_MEDIA</c> name (<c>deploy/bench vod-players</c>), every file and every mapping in every player. <c>VOD_PLAYERS</c> chooses by words of player and path.
/// </summary>
[Collection(Alone.Name)]
public sealed class VodCorpusTests(ITestOutputHelper output)
{
    const int AtOnce = 3;

    // Chromium has no decoder for these; captions alone are nothing to play, nor is what is encrypted without a key; what is found by an upstream has none here; this one tells of more than its files hold; Shaka reads neither AV1 nor FLAC from transport streams.
    static readonly string[] LeftOut = ["hevc", "ac3.", "eac3.", "dts.", "cenc.", "cenc_nokey", "caps_only", "/dynamic", "/pl_longer", "shaka.html /ts/av1.", "shaka.html /ts/flac."];

    static readonly string[] Sample =
        ["hls.html /m-ts/captions.json/", "hls.html /m-ts/two.json/", "hls.html /m-tight/joined.json/", "dash.html /m-dash/two.json/", "dash.html /dash/vp9.webm/", "smooth.html /m-mss/captions.json/"];

    [SkippableFact]
    public async Task Players_play_all_that_the_browser_decodes()
    {
        var (cases, media) = (Environment.GetEnvironmentVariable("VOD_CASES"), Environment.GetEnvironmentVariable("VOD_MEDIA"));
        if (cases is null || media is null)
        {
            var sample = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(await File.ReadAllTextAsync(Path.Combine(SampleUpstream.Folder, "mappings.json")))!;
            Assert.Equal(Sample.Length, await Play(Path.Combine(SampleUpstream.Folder, "media"), Path.Combine(SampleUpstream.Folder, "captions"), sample, Sample));
            return;
        }

        var index = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(cases, "index.json")));
        var mappings = index.GetProperty("mappings").EnumerateObject().Where(entry => !entry.Name.StartsWith("bad_", StringComparison.Ordinal)).ToDictionary(entry => entry.Name, entry => entry.Value);
        Assert.NotEqual(0, await Play(media, Path.Combine(media, "captions"), mappings, Environment.GetEnvironmentVariable("VOD_PLAYERS")?.Split(',') ?? [""]));
    }

    async Task<int> Play(string media, string captions, Dictionary<string, JsonElement> mappings, string[] chosen)
    {
        Tools.RequirePlayer("hls.js");
        Tools.RequirePlayer("dashjs");
        Tools.RequirePlayer("shaka-player");
        await using var server = await CorpusServer.Start(media, captions, mappings);
        await using var browser = await Browser.Start();
        var presentations = await server.Presentations((player, path) => Holds(chosen, player, path) && !Holds(LeftOut, player, path));
        var outcomes = new ConcurrentBag<CorpusOutcome>();
        await Parallel.ForEachAsync(presentations, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (one, _) =>
        {
            var outcome = await CorpusPlay.Run(browser, one.Player, one.Address);
            outcomes.Add(outcome);
            Console.WriteLine($"{outcomes.Count}/{presentations.Count} {outcome.Player} {outcome.Path}: {outcome.Outcome}");
        });
        output.WriteLine($"figure: {outcomes.Count(outcome => outcome.IsGood)} of {outcomes.Count} presentations play");
        Assert.True(outcomes.All(outcome => outcome.IsGood), string.Join('\n', outcomes.Where(outcome => !outcome.IsGood).Select(outcome => $"{outcome.Player} {outcome.Path}: {outcome.Outcome}")));
        return outcomes.Count;
    }

    static bool Holds(string[] words, string player, string path) => words.Any(word => $"{player} {path}".Contains(word, StringComparison.Ordinal));
}
