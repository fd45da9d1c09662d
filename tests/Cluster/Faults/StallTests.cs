using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>SIGSTOP for 20 s, and back: a process that does nothing while its connections stand, and then goes on as if no time had passed.</summary>
[Collection(FaultTests.Name)]
public sealed class StallTests(FaultCluster faults, ITestOutputHelper output)
{
    static readonly TimeSpan Stall = TimeSpan.FromSeconds(20), Soon = TimeSpan.FromSeconds(40);

    [SkippableFact]
    public async Task A_silo_that_owns_the_stream_and_a_gateway()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("stall-silo", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "stall-silo");
        var (silo, gateway) = (await cluster.OwnerOf("stall-silo"), cluster.Gateways[1]);
        var before = (await ServerCluster.Ask(cluster.Gateways[0], "stall-silo"))!.Value.Epoch;

        // 1. Both stand still.
        viewer.MayBeAway(gateway);
        var standing = Task.Delay(Stall);
        silo.Stall();
        gateway.Stall();
        var answers = await ServerCluster.Answers("the stream's grain answers elsewhere", cluster.Gateways[0], "stall-silo", Soon, stream => stream.Epoch > before);
        await standing;

        // 2. They go on. The silo finds itself declared dead and ends; it is started again as its supervisor would.
        silo.GoOn();
        gateway.GoOn();
        await Eventually.IsTrue("the silo that was declared dead ends", Soon, () => !silo.IsRunning);
        await cluster.StartAll();
        await viewer.Sees(2, Soon);
        await Eventually.IsTrue("the gateway serves the stream again", Soon, async () => (await gateway.Health("/live/stall-silo/master.m3u8")).Status == 200);
        viewer.MayBeAway(gateway, may: false);
        await viewer.Sees(2, Soon);

        var seen = viewer.Playback();
        output.Figure($"silo stopped for 20 s: owned elsewhere after {answers.TotalSeconds:0.0} s, viewer {seen}; {await cluster.History.HoldsOneOwner("stall-silo")}");
        output.Figure($"gateway stopped for 20 s: viewer who goes to the other {seen}, same numbers and bytes at both afterwards");
        viewer.SawNothingWrong();
        KillTests.SawNothing(seen);
    }

    /// <summary>One encoder notices and connects to the other ingest node; the other one waits.</summary>
    [SkippableFact]
    public async Task An_ingest_node()
    {
        var cluster = await faults.Whole();
        var (working, stalling) = (cluster.Ingests[0], cluster.Ingests[1]);
        await using var second = await Encoder.Publish("stall-ingest", stalling);
        await using var third = await Encoder.Publish("stall-alone", stalling);
        await using var onIngest = await Viewer.Watch(cluster, "stall-ingest");
        await using var onAlone = await Viewer.Watch(cluster, "stall-alone");

        var standing = Task.Delay(Stall);
        stalling.Stall();
        await using var elsewhere = await Encoder.Publish("stall-ingest", working);
        await onIngest.Sees(2, Soon);
        await standing;
        stalling.GoOn();
        await Task.WhenAll(onIngest.Sees(3, Soon), onAlone.Sees(3, Soon));

        var (ingestSeen, aloneSeen) = (onIngest.Playback(), onAlone.Playback());
        output.Figure($"ingest stopped for 20 s, encoder goes elsewhere: viewer {ingestSeen}; {await cluster.History.HoldsOneOwner("stall-ingest")}");
        output.Figure($"ingest stopped for 20 s, encoder waits: connected {third.Lives} times, viewer {aloneSeen}; {await cluster.History.HoldsOneOwner("stall-alone")}");
        onIngest.SawNothingWrong();
        onAlone.SawNothingWrong();
        Assert.Equal((1, 0L), (ingestSeen.Discontinuities, ingestSeen.Missing));
        Assert.Equal((1, 0L), (aloneSeen.Discontinuities, aloneSeen.Missing));
    }

    [SkippableFact]
    public async Task The_database_server()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("stall-database", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "stall-database");

        cluster.Database.Signal("STOP");
        await Task.Delay(Stall);
        var silosThatRun = cluster.Silos.Count(silo => silo.IsRunning);
        cluster.Database.Signal("CONT");
        await Task.WhenAll(cluster.Nodes.Select(node => node.IsReady()));
        await viewer.Sees(3, Soon);

        var seen = viewer.Playback();
        output.Figure($"database stopped for 20 s: viewer {seen}; {await cluster.History.HoldsOneOwner("stall-database")}");
        viewer.SawNothingWrong();
        KillTests.SawNothing(seen);
        Assert.Equal(cluster.Silos.Length, silosThatRun);
    }
}
