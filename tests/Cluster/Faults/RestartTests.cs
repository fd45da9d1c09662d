using System.Diagnostics;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>Everything ends at once, or one process after the other.</summary>
[Collection(FaultTests.Name)]
public sealed class RestartTests(FaultCluster faults, ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    [SkippableFact]
    public async Task Everything_is_killed_and_starts_cold()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("cold", cluster.Ingests);
        await using var viewer = await Viewer.Watch(cluster, "cold");
        var (last, before) = (viewer.Last, (await ServerCluster.Ask(cluster.Gateways[0], "cold"))!.Value.Epoch);
        foreach (var gateway in cluster.Gateways)
        {
            viewer.MayBeAway(gateway);
        }

        // 1. As a power cut; the database comes first, as it does everywhere.
        cluster.Nodes.ForEach(node => node.Kill());
        await cluster.Database.Kill();
        await cluster.Database.Begin();
        var clock = Stopwatch.StartNew();
        await cluster.StartAll();
        var ready = clock.Elapsed;

        // 2. The entry is there again with its numbering, and its encoder is taken.
        await ServerCluster.Answers("the stream is known", cluster.Gateways[0], "cold", Soon, stream => stream.NextMsn > last);
        var entries = clock.Elapsed;
        await ServerCluster.Answers("the encoder is on air", cluster.Gateways[0], "cold", Soon, stream => stream.Epoch > before);
        var taken = clock.Elapsed;
        await Eventually.IsTrue("the viewer goes on, above all that was seen", Soon, () => viewer.Playback().Discontinuities == 1);
        await Eventually.IsTrue("both gateways play", Soon, async () =>
            (await Task.WhenAll(cluster.Gateways.Select(async gateway => (await gateway.Health("/live/cold/master.m3u8")).Status == 200))).All(plays => plays));

        var seen = viewer.Playback();
        output.Figure($"kill -9 of everything: {cluster.Nodes.Count} processes ready {ready.TotalSeconds:0.0} s after their start, entries and numbering {entries.TotalSeconds:0.0} s, encoder taken {taken.TotalSeconds:0.0} s; viewer {seen}; {await cluster.History.HoldsOneOwner("cold")}");
        viewer.SawNothingWrong();
        Assert.Equal(1, seen.Discontinuities);
        Assert.True(entries < TimeSpan.FromSeconds(20), $"entries were back after {entries}");
    }

    [SkippableFact]
    public async Task Every_process_is_restarted_one_after_the_other()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("rolling", cluster.Ingests);
        await using var viewer = await Viewer.Watch(cluster, "rolling");

        var clock = Stopwatch.StartNew();
        // The encoder's own node goes last: without a backup its encoder has to connect again.
        foreach (var node in cluster.Nodes.Where(node => node != cluster.Ingests[0]))
        {
            if (node.Role == "gateway")
            {
                viewer.MayBeAway(node);
            }

            await node.Terminate(TimeSpan.FromSeconds(60));
            await node.Start();
            if (node.Role == "gateway")
            {
                await Eventually.IsTrue($"{node.Name} serves the stream", Soon, async () => (await node.Health("/live/rolling/master.m3u8")).Status == 200);
                await viewer.Sees(1, Soon);
                viewer.MayBeAway(node, may: false);
            }
        }

        await viewer.Sees(2, Soon);
        var (took, undisturbed) = (clock.Elapsed, viewer.Playback());
        var before = (await ServerCluster.Ask(cluster.Gateways[0], "rolling"))!.Value.Epoch;
        var ending = cluster.Ingests[0].Terminate(TimeSpan.FromSeconds(60));
        var takeover = await ServerCluster.Answers("the encoder is on air elsewhere", cluster.Gateways[0], "rolling", Soon, stream => stream.Epoch > before);
        await ending;
        await viewer.Sees(3, Soon);

        var seen = viewer.Playback();
        output.Figure($"rolling restart of {cluster.Nodes.Count - 1} processes in {took.TotalSeconds:0} s: viewer {undisturbed}; then the encoder's own node: taken elsewhere after {takeover.TotalSeconds:0.0} s, viewer {seen}; {await cluster.History.HoldsOneOwner("rolling")}");
        viewer.SawNothingWrong();
        KillTests.SawNothing(undisturbed);
        Assert.Equal((1, 0L), (seen.Discontinuities, seen.Missing));
    }
}
