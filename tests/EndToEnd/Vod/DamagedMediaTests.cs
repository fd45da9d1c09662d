using System.Globalization;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Vod;

/// <summary>
/// Damaged files are asked for in every form, of a server that may use 384 MB: each answer comes within the client's time-out, whole, and is a fault of the
/// file or the request, never of the server; and the good file beside them is answered as before.
/// </summary>
public sealed class DamagedMediaTests(ITestOutputHelper output)
{
    const string HeapLimit = "0x18000000";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    static readonly string[] Requests =
    [
        "/hls/{0}/master.m3u8", "/hls/{0}/index.m3u8", "/hls/{0}/iframes.m3u8", "/hls/{0}/seg-1-v1-a1.ts", "/hls/{0}/init-v1-a1.mp4",
        "/hls/{0}/seg-2-v1-a1.m4s", "/dash/{0}/manifest.mpd", "/dash/{0}/fragment-1-v1-x3.m4s", "/dash/{0}/fragment-1-a1-x3.webm", "/mss/{0}/manifest",
        "/hds/{0}/manifest.f4m", "/hds/{0}/frag-v1-a1-Seg1-Frag1", "/media/clipFrom/1000/clipTo/3000/{0}",
    ];

    [Fact]
    public async Task Damage_is_answered_and_disturbs_nothing_else()
    {
        var data = Repository.Folder($"damaged-{Guid.NewGuid():N}");
        var media = Directory.CreateDirectory(Path.Combine(data, "media")).FullName;
        var damaged = new DamagedMedia(media);
        foreach (var name in (string[])["lo.mp4", "fragmented.mp4", "vp9.webm"])
        {
            damaged.Cut(Good(name), name);
        }

        damaged.Lie(Good("lo.mp4"), "lo.mp4");
        damaged.Lie(Good("fragmented.mp4")[..8_000], "fragmented.mp4");
        damaged.LieInElements(Good("vp9.webm"), "vp9.webm");
        damaged.Bombs(Good("lo.mp4"));
        File.WriteAllBytes(Path.Combine(media, "good.mp4"), Good("lo.mp4"));

        await using var server = await ServerProcess.Start(new() { ["DOTNET_GCHeapHardLimit"] = HeapLimit, ["Vod__MetadataCacheBytes"] = "33554432" }, data);
        using var http = new HttpClient { BaseAddress = server.Http.BaseAddress, Timeout = Patience };
        var before = await Ask(http, "good.mp4");
        Assert.All(before.Take(3), answer => Assert.Equal(200, answer.Status));
        var wrong = new List<string>();
        var statuses = new SortedDictionary<int, int>();
        foreach (var name in damaged.Names)
        {
            foreach (var (path, status, _) in await Ask(http, name))
            {
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
                if (status is not (200 or 400 or 404))
                {
                    wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{path}: {status}"));
                }
            }
        }

        output.WriteLine($"figure: {damaged.Names.Count} damaged files, {damaged.Names.Count * Requests.Length} requests: "
            + $"{string.Join(", ", statuses.Select(pair => $"{pair.Value} were {pair.Key}"))}; the server uses {server.ResidentBytes >> 20} MB");
        Assert.True(wrong.Count == 0, $"{wrong.Count}: {string.Join('\n', wrong.Take(20))}\n{server.LogTail}");
        Assert.Equal(before, await Ask(http, "good.mp4"));
        Assert.DoesNotContain("could not be answered", server.Log, StringComparison.Ordinal);
    }

    static byte[] Good(string name) => File.ReadAllBytes(Path.Combine(SampleUpstream.Folder, "media", name));

    static async Task<List<(string Path, int Status, string Body)>> Ask(HttpClient http, string name)
    {
        var answers = new List<(string, int, string)>();
        foreach (var request in Requests)
        {
            var path = request.Replace("{0}", name, StringComparison.Ordinal);
            using var answer = await http.GetAsync(path);
            answers.Add((path, (int)answer.StatusCode, AnswerFacts.Digest(await answer.Content.ReadAsByteArrayAsync())));
        }

        return answers;
    }
}
