using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>deploy/cluster: silos, an ingest node, gateways and PostgreSQL as processes of this machine.</summary>
[Collection(Alone.Name)]
public sealed partial class ClusterTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task When_the_owning_silo_is_killed_viewers_at_every_gateway_go_on_with_the_same_bytes()
    {
        Tools.Require("ffmpeg", "npm", "curl", "psql");
        Skip.IfNot(Directory.Exists("/usr/lib/postgresql"), "there is no PostgreSQL server here");
        var data = Repository.Folder("cluster");
        var offset = DeployTests.FreeOffset();
        var environment = new Dictionary<string, string> { ["PORT_OFFSET"] = $"{offset}" };
        var deploy = Path.Combine(Repository.Root, "deploy");
        await ChildProcess.Run("chmod", ["go+x", Repository.Scratch], TimeSpan.FromSeconds(5));   // PostgreSQL runs as a user of its own
        try
        {
            // 1. The cluster runs and says where.
            await ChildProcess.Run(Path.Combine(deploy, "cluster"),
                ["--silos", "2", "--ingests", "1", "--gateways", "2", "--detach", "--data", data], TimeSpan.FromMinutes(5), environment);
            var nodes = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(data, "cluster.json"))).RootElement.EnumerateArray().ToArray();
            var gateways = nodes.Where(node => Text(node, "role") == "gateway").Select(node => Text(node, "http")).ToArray();
            Assert.Equal(2, gateways.Length);

            // 2. A stream at the ingest node plays at both gateways.
            var source = await SourceMedia.Plain;
            await using var encoder = ChildProcess.Start("ffmpeg",
                ["-v", "error", "-re", "-stream_loop", "-1", "-i", source, "-c", "copy", "-f", "flv", $"{Text(nodes.First(node => Text(node, "role") == "ingest"), "rtmp")}/live/show"]);
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
            foreach (var gateway in gateways)
            {
                await Eventually.IsTrue($"{gateway} plays", TimeSpan.FromSeconds(30), async () => (await Numbers(http, gateway)).Length >= 3);
            }

            // 3. The silo that owns the stream dies; its grain answers elsewhere under a higher epoch.
            var before = await Stream(http, gateways[0]);
            var owner = nodes.First(node => Text(node, "role") == "silo" && File.ReadAllText(Path.Combine(data, "log", Text(node, "name") + ".log"))
                .Contains("Stream show: slot 0 on air", StringComparison.Ordinal));
            var clock = System.Diagnostics.Stopwatch.StartNew();
            await ChildProcess.Run("kill", ["-9", owner.GetProperty("pid").GetInt32().ToString(CultureInfo.InvariantCulture)], TimeSpan.FromSeconds(5));
            await Eventually.IsTrue("the stream's grain answers elsewhere", TimeSpan.FromSeconds(30), async () => await Stream(http, gateways[0]) > before);
            output.WriteLine($"kill -9 of the owning silo: control answered again after {clock.ElapsedMilliseconds} ms");

            // 4. Both playlists go on without a hole, a discontinuity or an end, and every shared segment has the same bytes.
            var last = (await Numbers(http, gateways[0]))[^1];
            foreach (var gateway in gateways)
            {
                await Eventually.IsTrue($"{gateway} goes on", TimeSpan.FromSeconds(20), async () => (await Numbers(http, gateway))[^1] >= last + 2);
            }

            var lists = await Task.WhenAll(gateways.Select(gateway => Numbers(http, gateway)));
            foreach (var number in lists[0].Intersect(lists[1]))
            {
                var hashes = await Task.WhenAll(gateways.Select(async gateway =>
                    Convert.ToHexString(SHA256.HashData(await http.GetByteArrayAsync($"{gateway}/live/show/seg-{number}-v1.m4s")))));
                Assert.Equal(hashes[0], hashes[1]);
            }
        }
        finally
        {
            await ChildProcess.Run(Path.Combine(deploy, "down"), ["--data", data], TimeSpan.FromMinutes(2), environment);
        }
    }

    // The numbers that a gateway lists, checked for holes; empty while it lists nothing.
    static async Task<int[]> Numbers(HttpClient http, string gateway)
    {
        using var answer = await http.GetAsync($"{gateway}/live/show/index-v1.m3u8");
        var playlist = answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : "";
        Assert.DoesNotContain("#EXT-X-DISCONTINUITY\n", playlist, StringComparison.Ordinal);
        Assert.DoesNotContain("#EXT-X-GAP", playlist, StringComparison.Ordinal);
        Assert.DoesNotContain("#EXT-X-ENDLIST", playlist, StringComparison.Ordinal);
        int[] numbers = [.. Segment().Matches(playlist).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(numbers.Length == 0 ? [] : Enumerable.Range(numbers[0], numbers.Length), numbers);
        return numbers;
    }

    // The epoch of the stream's lease; 0 while nobody answers.
    static async Task<long> Stream(HttpClient http, string gateway)
    {
        using var answer = await http.GetAsync($"{gateway}/api/v1/streams/show");
        return answer.IsSuccessStatusCode
            ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("epoch").GetInt64()
            : 0;
    }

    static string Text(JsonElement node, string name) => node.GetProperty(name).GetString()!;

    [GeneratedRegex(@"seg-(\d+)-v1\.m4s")]
    private static partial Regex Segment();
}
