using System.Diagnostics;
using System.Globalization;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>kill -9 of one process while an encoder pushes and somebody watches at both gateways.</summary>
[Collection(FaultTests.Name)]
public sealed class KillTests(FaultCluster faults, ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task A_silo_that_owns_the_stream()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("silo-kill", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "silo-kill");
        var owner = await cluster.OwnerOf("silo-kill");
        var before = (await ServerCluster.Ask(cluster.Gateways[0], "silo-kill"))!.Value.Epoch;

        owner.Kill();
        var answers = await ServerCluster.Answers("the stream's grain answers elsewhere", cluster.Gateways[0], "silo-kill", Soon, _ => true);
        await ServerCluster.Answers("the lease is renewed", cluster.Gateways[0], "silo-kill", Soon, stream => stream.Epoch > before);
        await viewer.Sees(3, Soon);

        var seen = viewer.Playback();
        output.Figure($"silo kill -9: control {answers.TotalSeconds:0.0} s, viewer {seen}; {await cluster.History.HoldsOneOwner("silo-kill")}");
        viewer.SawNothingWrong();
        Assert.True(answers < TimeSpan.FromSeconds(6), $"control was away for {answers}");
        SawNothing(seen);
    }

    [SkippableFact]
    public async Task An_ingest_node_whose_encoder_has_no_backup_and_reconnects_elsewhere()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("ingest-kill", cluster.Ingests[0], cluster.Ingests[1]);
        await using var viewer = await Viewer.Watch(cluster, "ingest-kill");
        var before = (await ServerCluster.Ask(cluster.Gateways[0], "ingest-kill"))!.Value.Epoch;

        cluster.Ingests[0].Kill();
        var takeover = await ServerCluster.Answers("the encoder is on air elsewhere", cluster.Gateways[0], "ingest-kill", Soon, stream => stream.Epoch > before);
        await viewer.Sees(4, Soon);

        var seen = viewer.Playback();
        output.Figure($"ingest kill -9, no backup: on air elsewhere after {takeover.TotalSeconds:0.0} s (the encoder waits 1 s), viewer {seen}; {await cluster.History.HoldsOneOwner("ingest-kill")}");
        viewer.SawNothingWrong();
        Assert.True(takeover < TimeSpan.FromSeconds(8), $"the encoder was let in after {takeover}");
        Assert.Equal((1, 0L), (seen.Discontinuities, seen.Missing));
    }

    /// <summary>An encoder whose cable was pulled says no good-bye: the same key is published again, at another node, while the old connection still seems to live.</summary>
    [SkippableFact]
    public async Task An_encoder_that_died_without_a_word_gives_way_to_the_same_key_at_another_node()
    {
        var cluster = await faults.Whole();
        var tags = await FlvFile.Read(await SourceMedia.Medium);
        await using var dead = await RtmpPublisher.Connect(cluster.Ingests[0].Host, cluster.Ingests[0].RtmpPort, "half-open");
        var opening = Viewer.Watch(cluster, "half-open");
        await dead.Play(tags.Where(tag => tag.Timestamp < 12_000));
        await using var viewer = await opening;

        await Eventually.IsTrue("the encoder counts as silent", Soon, async () => await Silence(cluster, "half-open") > 1.0);
        var clock = Stopwatch.StartNew();
        await using var again = await TakesOver(cluster.Ingests[1], "half-open");
        var takeover = clock.Elapsed;
        var playing = again.Play(tags.Where(tag => tag.Timestamp < 9_000));
        await viewer.Sees(3, Soon);

        var seen = viewer.Playback();
        output.Figure($"encoder died half open: takeover {takeover.TotalSeconds:0.00} s, viewer {seen}; {await cluster.History.HoldsOneOwner("half-open")}");
        viewer.SawNothingWrong();
        Assert.True(takeover < TimeSpan.FromSeconds(3), $"taken over after {takeover}");
        Assert.Equal((1, 0L), (seen.Discontinuities, seen.Missing));
        await playing;
    }

    [SkippableFact]
    public async Task A_gateway()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("gateway-kill", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "gateway-kill");
        var killed = cluster.Gateways[0];

        viewer.MayBeAway(killed);
        killed.Kill();
        await viewer.Sees(2, Soon);
        var clock = Stopwatch.StartNew();
        await killed.Start();
        var back = clock.Elapsed;
        await Eventually.IsTrue("the gateway serves the stream again", Soon, async () => (await killed.Health("/live/gateway-kill/master.m3u8")).Status == 200);
        viewer.MayBeAway(killed, may: false);
        await viewer.Sees(2, Soon);

        var seen = viewer.Playback();
        output.Figure($"gateway kill -9: ready again {back.TotalSeconds:0.0} s after its start, viewer who goes to the other {seen}");
        viewer.SawNothingWrong();   // the same numbers, the same bytes at both, before and after
        SawNothing(seen);
    }

    [SkippableFact]
    public async Task The_database_server()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("database-kill", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "database-kill");

        await cluster.Database.Kill();
        // 1. Whoever runs goes on, and says what is wrong without giving up.
        await viewer.Sees(4, Soon);
        foreach (var node in cluster.Nodes)
        {
            Assert.Equal(200, (await node.Health("/livez")).Status);
        }

        var degraded = await cluster.Gateways[0].Health("/readyz?verbose");
        Assert.Contains("[~] database: PostgreSQL does not answer", degraded.Text, StringComparison.Ordinal);

        // 2. An encoder whose key this node knows is let in. Its stream begins when somebody can write down that it does.
        var clock = Stopwatch.StartNew();
        await using var waiting = await KillTests.TakesOver(cluster.Ingests[1], "database-new");
        var accepted = clock.Elapsed;
        var playing = waiting.Play((await FlvFile.Read(await SourceMedia.Medium)).ToArray());

        // 3. The database is back.
        clock.Restart();
        await cluster.Database.Begin();
        await Eventually.IsTrue("the new stream plays", Soon, async () => (await cluster.Gateways[0].Health("/live/database-new/master.m3u8")).Status == 200);
        var healed = clock.Elapsed;
        await Eventually.IsTrue("nothing is degraded any more", Soon, async () =>
            (await Task.WhenAll(cluster.Nodes.Select(node => node.Health("/readyz?verbose")))).All(page => page.Text.EndsWith("\nready\n", StringComparison.Ordinal)));
        await viewer.Sees(2, Soon);

        var seen = viewer.Playback();
        output.Figure($"database kill -9: viewer {seen}, a new publisher accepted after {accepted.TotalSeconds:0.0} s, its stream plays {healed.TotalSeconds:0.0} s after the database is started; {await cluster.History.HoldsOneOwner("database-kill")}");
        viewer.SawNothingWrong();
        SawNothing(seen);
        await playing;
    }

    internal static void SawNothing(Playback seen)
    {
        Assert.Equal((0, 0, 0L), (seen.Discontinuities, seen.Gaps, seen.Missing));
        Assert.True(seen.Stall < TimeSpan.FromSeconds(0.5), $"the picture stood for {seen.Stall}");
    }

    /// <summary>Encoders try again and again, as OBS does, only faster.</summary>
    internal static async Task<RtmpPublisher> TakesOver(ServerNode ingest, string stream) =>
        await Eventually.Get($"{stream} is taken at {ingest.Name}", TimeSpan.FromSeconds(20), async () =>
        {
            var publisher = await RtmpPublisher.Connect(ingest.Host, ingest.RtmpPort, stream);
            if (publisher.IsOnAir)
            {
                return publisher;
            }

            await publisher.DisposeAsync();
            return null;
        });

    static async Task<double> Silence(ServerCluster cluster, string stream)
    {
        var text = await cluster.Gateways[0].Http.GetStringAsync($"/api/v1/streams/{stream}");
        var sources = System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("sources");
        return sources.GetArrayLength() == 0 ? 0 : sources[0].GetProperty("silence").GetDouble();
    }
}

static class Figures
{
    /// <summary>Prints what was measured; deploy/test shows these lines.</summary>
    public static void Figure(this ITestOutputHelper output, FormattableString what) => output.WriteLine($"figure: {what.ToString(CultureInfo.InvariantCulture)}");
}
