using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>
/// Primary and backup at two ingest nodes of a real cluster, judged by a strict client at each of two gateways: no number is missing, none has two
/// contents, nothing ends; and how long each kind of switch takes.
/// </summary>
[Collection(Alone.Name)]
public sealed class SourceSwitchTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    readonly string _data = Repository.Folder("switching");
    readonly Dictionary<string, string> _environment = new()
    {
        ["PORT_OFFSET"] = $"{DeployTests.FreeOffset()}",
        ["Live__GiveBack__returns"] = "00:00:03",   // one stream is given back, the others stay
    };

    readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    JsonElement[] _nodes = [];

    string[] Gateways => [.. _nodes.Where(node => Text(node, "role") == "gateway").Select(node => Text(node, "http"))];

    JsonElement[] Ingests => [.. _nodes.Where(node => Text(node, "role") == "ingest")];

    public async Task InitializeAsync()
    {
        if (!IsWanted)
        {
            return;
        }

        await ChildProcess.Run("chmod", ["go+x", Repository.Scratch], TimeSpan.FromSeconds(5));   // PostgreSQL runs as a user of its own
        await ChildProcess.Run(Path.Combine(Repository.Root, "deploy/cluster"),
            ["--silos", "2", "--ingests", "2", "--gateways", "2", "--detach", "--data", _data], TimeSpan.FromMinutes(8), _environment);
        _nodes = [.. JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_data, "cluster.json"))).RootElement.EnumerateArray()];
    }

    public async Task DisposeAsync()
    {
        if (IsWanted)
        {
            await ChildProcess.Run(Path.Combine(Repository.Root, "deploy/down"), ["--data", _data], TimeSpan.FromMinutes(2), _environment);
        }
    }

    public void Dispose() => _http.Dispose();

    static bool IsWanted => Environment.GetEnvironmentVariable("TRIBUTARY_PROCESS_TESTS") == "1";

    [SkippableFact]
    public async Task Viewers_at_every_gateway_go_on_whatever_happens_to_the_source()
    {
        Tools.Require("ffmpeg", "npm", "curl", "psql");
        Skip.IfNot(IsWanted, "a cluster of processes is not tested yet unless asked for (TRIBUTARY_PROCESS_TESTS=1 runs this)");
        var source = await SourceMedia.Plain;
        await TheSilentGivesWayAndReturnsByPolicy(source);
        await AStreamMoves(source);
        await OneProgrammeChangesUnseen(source);
    }

    // Two encoders that know nothing of each other.
    async Task TheSilentGivesWayAndReturnsByPolicy(string source)
    {
        await using var primary = Send(source, Ingests[0], "returns?i=0", seek: 0);
        await using var viewers = await Watch("returns");
        await using var backup = Send(source, Ingests[1], "returns?i=1", seek: 31);
        await Ready("returns", aligned: false);

        primary.Signal("STOP");
        await Switched("returns", "Silent", 1, viewers, discontinuities: 1);
        primary.Signal("CONT");
        await Switched("returns", "GiveBack", 0, viewers, discontinuities: 2);
        await viewers.AreOfOneOpinion();
    }

    // Its encoder publishes at the new node; then its former connection is ended.
    async Task AStreamMoves(string source)
    {
        await using var former = Send(source, Ingests[0], "moves", seek: 0);
        await using var viewers = await Watch("moves");
        await Command("moves", "transfer", $"{{\"node\":\"{Text(Ingests[1], "name")}\"}}", 202);
        await using var successor = Send(source, Ingests[1], "moves", seek: 12);

        await Switched("moves", "Transfer", 0, viewers, discontinuities: 1);
        await former.Ends(Patience);
        await viewers.AreOfOneOpinion();
    }

    // One encoder sends to both nodes.
    async Task OneProgrammeChangesUnseen(string source)
    {
        await using var both = SendTwice(source, "twin");
        await using var viewers = await Watch("twin");
        await Ready("twin", aligned: true);

        await Command("twin", "switch", "{\"slot\":1}", 202);
        await Switched("twin", "Command", 1, viewers, discontinuities: 0);
        await Command("twin", "switch", "{\"slot\":0}", 202);
        await Switched("twin", "Command", 0, viewers, discontinuities: 0);
        await Kill(Ingests[0]);
        await Switched("twin", "HostLost", 1, viewers, discontinuities: 0);
        await viewers.AreOfOneOpinion();
    }

    static ChildProcess Send(string file, JsonElement ingest, string name, int seek) => ChildProcess.Start("ffmpeg",
        ["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-ss", $"{seek}", "-i", file, "-c", "copy", "-f", "flv", $"{Text(ingest, "rtmp")}/live/{name}"]);

    ChildProcess SendTwice(string file, string name) => ChildProcess.Start("ffmpeg",
        ["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", file, "-map", "0", "-c", "copy", "-f", "tee",
         $"[f=flv:onfail=ignore]{Text(Ingests[0], "rtmp")}/live/{name}?i=0|[f=flv:onfail=ignore]{Text(Ingests[1], "rtmp")}/live/{name}?i=1"]);

    async Task<Viewers> Watch(string stream)
    {
        var clients = new List<StrictHlsClient>();
        foreach (var gateway in Gateways)
        {
            clients.Add(await StrictHlsClient.Open(_http, new Uri($"{gateway}/live/{stream}/master.m3u8"), Patience));
        }

        return new Viewers(_http, stream, Gateways, clients);
    }

    Task Ready(string stream, bool aligned) => Eventually.IsTrue($"the backup of {stream} is ready", Patience, async () =>
        (await Describe(stream)).GetProperty("sources").EnumerateArray().Any(slot =>
            !slot.GetProperty("onAir").GetBoolean() && slot.GetProperty("ready").GetBoolean() && slot.GetProperty("aligned").GetBoolean() == aligned));

    // From now on: until control says so, and until a viewer has a new segment of the other source.
    async Task Switched(string stream, string reason, int slot, Viewers viewers, int discontinuities)
    {
        var clock = Stopwatch.StartNew();
        var described = await Eventually.Get($"{stream}: {reason}", Patience, async () =>
            (await Describe(stream)) is var now && now.TryGetProperty("lastSwitch", out var last) && Text(last, "reason") == reason
                && last.GetProperty("slot").GetInt32() == slot ? last.GetRawText() : null);
        var control = clock.ElapsedMilliseconds;
        using var document = JsonDocument.Parse(described);
        var first = document.RootElement.GetProperty("firstMsn").GetInt64();
        await viewers.Reach(first, Patience);
        var seen = clock.ElapsedMilliseconds;
        await viewers.Reach(first + 2, Patience);
        output.WriteLine($"{stream} {reason} → slot {slot}: control after {control} ms, the next source's first segment at every gateway after {seen} ms; {described}");
        viewers.AssertNothingWrong(discontinuities);
    }

    async Task<JsonElement> Describe(string stream)
    {
        using var answer = await _http.GetAsync($"{Gateways[0]}/api/v1/streams/{stream}");
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    async Task Command(string stream, string command, string body, int status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync($"{Gateways[1]}/api/v1/streams/{stream}/{command}", content);
        Assert.True((int)answer.StatusCode == status, await answer.Content.ReadAsStringAsync());
    }

    static Task<string> Kill(JsonElement node) =>
        ChildProcess.Run("kill", ["-9", node.GetProperty("pid").GetInt32().ToString(CultureInfo.InvariantCulture)], TimeSpan.FromSeconds(5));

    static string Text(JsonElement node, string name) => node.GetProperty(name).GetString()!;

    /// <summary>One strict client at each gateway.</summary>
    sealed class Viewers(HttpClient http, string stream, string[] gateways, List<StrictHlsClient> clients) : IAsyncDisposable
    {
        public Task Reach(long msn, TimeSpan within) => Task.WhenAll(clients.Select(client =>
            client.Until($"segment {msn}", within, rendition => rendition.Last >= msn)));

        public void AssertNothingWrong(int discontinuities) => clients.ForEach(client =>
        {
            client.AssertNothingWrong();
            Assert.All(client.Renditions, rendition =>
            {
                Assert.Equal(discontinuities, rendition.Discontinuities);
                Assert.DoesNotContain(rendition.Segments, segment => segment.Gap);
                Assert.Equal(Enumerable.Range((int)rendition.Segments[0].Msn, rendition.Count), rendition.Segments.Select(segment => (int)segment.Msn));
            });
        });

        /// <summary>Every segment that both gateways still have is the same at both.</summary>
        public async Task AreOfOneOpinion()
        {
            foreach (var name in (string[])["v1", "a1"])
            {
                var listed = clients.Select(client => client.Renditions.First(rendition => rendition.Address.AbsolutePath.Contains(name, StringComparison.Ordinal)));
                foreach (var msn in listed.Select(rendition => rendition.Playlist!.Segments.Select(segment => segment.Msn)).Aggregate((one, other) => one.Intersect(other)))
                {
                    var hashes = await Task.WhenAll(gateways.Select(async gateway =>
                        Convert.ToHexString(SHA256.HashData(await http.GetByteArrayAsync($"{gateway}/live/{stream}/seg-{msn}-{name}.m4s")))));
                    Assert.Single(hashes.Distinct());
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }
}
