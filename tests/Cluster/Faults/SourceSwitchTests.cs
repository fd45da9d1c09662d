using System.Diagnostics;
using System.Text.Json;
using Tributary.EndToEnd.Harness;
using Tributary.Grains.LiveStreams;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>
/// Primary and backup at two ingest nodes: what somebody who watches at both gateways sees of each kind of switch, and how long it takes. Encoders that
/// know nothing of each other cost one discontinuity, one that sends to both nodes costs none; nothing ever costs a segment.
/// </summary>
[Collection(FaultTests.Name)]
public sealed class SourceSwitchTests(FaultCluster faults, ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    [SkippableFact]
    public async Task An_encoder_that_falls_silent_gives_way_and_gets_its_place_back_by_policy()
    {
        var cluster = await faults.Whole();
        const string Stream = ServerCluster.GivenBack;
        await using var primary = await Send(cluster.Ingests[0], $"{Stream}?i=0", second: 0);
        await using var viewer = await Viewer.Watch(cluster, Stream);
        await using var backup = await Send(cluster.Ingests[1], $"{Stream}?i=1", second: 31);
        await Ready(cluster, Stream, aligned: false);

        var clock = Stopwatch.StartNew();
        primary.Signal("STOP");
        await Switched(cluster, Stream, "an encoder falls silent, its backup is another", SwitchReason.Silent, 1, viewer, clock, discontinuities: 1);

        clock.Restart();
        primary.Signal("CONT");
        await Switched(cluster, Stream, "it sends again, and is given back its place after 3 s", SwitchReason.GiveBack, 0, viewer, clock, discontinuities: 2);
    }

    [SkippableFact]
    public async Task A_stream_moves_to_the_encoder_at_its_new_node_and_the_former_is_ended()
    {
        var cluster = await faults.Whole();
        await using var former = await Send(cluster.Ingests[0], "moves", second: 0);
        await using var viewer = await Viewer.Watch(cluster, "moves");
        await Command(cluster, "moves", "transfer", new { node = cluster.Ingests[1].Name });

        var clock = Stopwatch.StartNew();
        await using var successor = await Send(cluster.Ingests[1], "moves", second: 12);
        await Switched(cluster, "moves", "a stream moves, from the start of ffmpeg at its new node", SwitchReason.Transfer, 0, viewer, clock, discontinuities: 1);
        await former.Ends(Soon);
    }

    [SkippableFact]
    public async Task One_encoder_at_two_nodes_is_switched_by_command_and_by_a_node_that_ends_and_nobody_sees_it()
    {
        var cluster = await faults.Whole();
        await using var encoder = await SendTwice(cluster, "twin");
        await using var viewer = await Viewer.Watch(cluster, "twin");
        await Ready(cluster, "twin", aligned: true);

        var clock = Stopwatch.StartNew();
        await Command(cluster, "twin", "switch", new { slot = 1 });
        await Switched(cluster, "twin", "switch by command, one encoder at both nodes", SwitchReason.Command, 1, viewer, clock, discontinuities: 0);

        clock.Restart();
        var ending = cluster.Ingests[1].Terminate(TimeSpan.FromSeconds(60));
        await Switched(cluster, "twin", "SIGTERM of the ingest node on air, one encoder at both nodes", SwitchReason.Drain, 0, viewer, clock, discontinuities: 0);
        await ending;
    }

    [SkippableFact]
    public async Task One_encoder_at_two_nodes_goes_on_when_the_node_on_air_is_killed_and_nobody_sees_it()
    {
        var cluster = await faults.Whole();
        await using var encoder = await SendTwice(cluster, "twin-killed");
        await using var viewer = await Viewer.Watch(cluster, "twin-killed");
        await Ready(cluster, "twin-killed", aligned: true);

        var clock = Stopwatch.StartNew();
        cluster.Ingests[0].Kill();
        await Switched(cluster, "twin-killed", "kill -9 of the ingest node on air, one encoder at both nodes", SwitchReason.HostLost, 1, viewer, clock, discontinuities: 0);
    }

    /// <summary>
    /// The lost gateway may have listed more of the lost source than anybody knows: as many numbers as it can have come to are gaps, with the time of one
    /// segment among them. hls.js goes on behind them, in both forms; where it is not installed that is left out, and said.
    /// </summary>
    [SkippableFact]
    public async Task A_node_on_air_and_a_gateway_that_are_killed_together_cost_short_gaps_and_no_number()
    {
        var cluster = await faults.Whole();
        await using var primary = await Send(cluster.Ingests[0], "both-killed?i=0", second: 0);
        await using var viewer = await Viewer.Watch(cluster, "both-killed");
        await using var backup = await Send(cluster.Ingests[1], "both-killed?i=1", second: 31);
        await Ready(cluster, "both-killed", aligned: false);
        await using var browser = HasHlsJs ? await Browser.Start() : null;
        var pages = await Task.WhenAll(new[] { "master.m3u8", "ts/master.m3u8" }.Select(form => Open(browser, new Uri(cluster.Gateways[0].Master("both-killed"), form))));

        viewer.MayBeAway(cluster.Gateways[1]);
        var killed = DateTimeOffset.UtcNow;
        var clock = Stopwatch.StartNew();
        cluster.Ingests[0].Kill();
        cluster.Gateways[1].Kill();
        var reserved = new LiveStreamOptions().NumbersReserved;
        await Switched(cluster, "both-killed", "kill -9 of the ingest node on air and of a gateway together", SwitchReason.HostLost, 1, viewer, clock, discontinuities: 1, mostGaps: reserved + 1);
        foreach (var page in pages.OfType<PlayerPage>())
        {
            await PlaysWhatCameAfter(page, killed + TimeSpan.FromSeconds(2));
        }

        output.WriteLine(browser is null ? "hls.js is not installed here" : $"hls.js, its errors: {string.Join(" | ", pages.SelectMany(page => page!.Errors))}");
    }

    [SkippableFact]
    public async Task A_node_that_stands_still_is_noticed_by_its_silence_and_does_no_harm_when_it_goes_on()
    {
        var cluster = await faults.Whole();
        await using var primary = await Send(cluster.Ingests[0], "frozen?i=0", second: 0);
        await using var viewer = await Viewer.Watch(cluster, "frozen");
        await using var backup = await Send(cluster.Ingests[1], "frozen?i=1", second: 31);
        await Ready(cluster, "frozen", aligned: false);

        var clock = Stopwatch.StartNew();
        cluster.Ingests[0].Stall();
        await Switched(cluster, "frozen", "SIGSTOP of the ingest node on air, its backup is another encoder", SwitchReason.HostLost, 1, viewer, clock, discontinuities: 1);
        cluster.Ingests[0].GoOn();
        await viewer.Sees(3, Soon);
        viewer.SawNothingWrong();
        Assert.Equal(1, viewer.Playback().Discontinuities);
    }

    static bool HasHlsJs => File.Exists(Tools.Chromium) && Directory.Exists(Path.Combine(Repository.Root, "tests/EndToEnd/players/node_modules/hls.js"));

    static async Task<PlayerPage?> Open(Browser? browser, Uri playlist)
    {
        if (browser is null)
        {
            return null;
        }

        // Whole segments: of parts of sound, that come at once from the next source, hls.js 1.7 may lose the first (Gateway:Hls:PictureLead).
        var page = await browser.Open(browser.PlayerAddress("hls.html", playlist) + "&whole");
        await page.Plays(Soon);
        return page;
    }

    // The picture that is shown was sent after that moment, and the next ones follow.
    static async Task PlaysWhatCameAfter(PlayerPage page, DateTimeOffset moment)
    {
        await Eventually.IsTrue($"hls.js plays what was sent after {moment:HH:mm:ss}; its errors: {string.Join(" | ", page.Errors)}", Soon,
            async () => await page.Evaluate<double>("hls.playingDate ? hls.playingDate.getTime() : 0") > moment.ToUnixTimeMilliseconds());
        await page.Plays(Soon);
    }

    // Until control says so, until every gateway lists the next source's first segment; then two more, to see that it goes on.
    async Task Switched(
        ServerCluster cluster, string stream, string what, SwitchReason reason, int slot, Viewer viewer, Stopwatch since, int discontinuities, int mostGaps = 0)
    {
        var change = await Eventually.Get($"{stream}: {reason}", Soon, async () => await LastChange(cluster, stream) is { } last && last.Reason == $"{reason}" && last.Slot == slot ? last : null);
        var control = since.Elapsed;
        await viewer.Reaches(change.FirstMsn, Soon);
        var listed = since.Elapsed;
        await viewer.Reaches(change.FirstMsn + 2, Soon);

        var seen = viewer.Playback();
        output.Figure($"{what}: control {control.TotalSeconds:0.0} s, the next source's first segment at both gateways {listed.TotalSeconds:0.0} s, viewer {seen}, aligned {change.Aligned}");
        viewer.SawNothingWrong();
        Assert.Equal((discontinuities, 0L, discontinuities == 0), (seen.Discontinuities, seen.Missing, change.Aligned));
        Assert.InRange(seen.Gaps, 0, mostGaps);
    }

    static async Task<ChildProcess> Send(ServerNode ingest, string stream, int second) =>
        Ffmpeg.Publish(await SourceMedia.Long, ingest.Rtmp(stream), "-ss", $"{second}");

    static async Task<ChildProcess> SendTwice(ServerCluster cluster, string stream) => ChildProcess.Start("ffmpeg",
        ["-nostdin", "-v", "error", "-re", "-i", await SourceMedia.Long, "-map", "0", "-c", "copy", "-flags", "+global_header", "-f", "tee",
            string.Join('|', cluster.Ingests.Select((ingest, slot) => $"[f=flv:onfail=ignore]{ingest.Rtmp(stream)}?i={slot}"))]);

    static Task Ready(ServerCluster cluster, string stream, bool aligned) => Eventually.IsTrue($"the backup of {stream} is ready", Soon, async () =>
        (await cluster.Gateways[0].Call(HttpMethod.Get, $"/api/v1/streams/{stream}")).Body!.Value.GetProperty("sources").EnumerateArray().Any(slot =>
            !slot.GetProperty("onAir").GetBoolean() && slot.GetProperty("ready").GetBoolean() && slot.GetProperty("aligned").GetBoolean() == aligned));

    static async Task<Change?> LastChange(ServerCluster cluster, string stream) =>
        (await cluster.Gateways[0].Call(HttpMethod.Get, $"/api/v1/streams/{stream}")) is (200, { } described) && described.TryGetProperty("lastSwitch", out var last)
            ? last.Deserialize<Change>(Json)
            : null;

    static async Task Command(ServerCluster cluster, string stream, string command, object body) =>
        Assert.Equal(202, (await cluster.Gateways[1].Call(HttpMethod.Post, $"/api/v1/streams/{stream}/{command}", body)).Status);

    sealed record Change(string Reason, int Slot, long FirstMsn, bool Aligned);
}
