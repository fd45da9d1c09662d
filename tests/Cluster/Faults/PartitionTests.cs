using System.Diagnostics;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>The network between processes loses everything in one direction or both, or a part of all packets.</summary>
[Collection(FaultTests.Name)]
public sealed class PartitionTests(FaultCluster faults, ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    /// <summary>The silo that owns the stream: who hears it, and whom does it hear?</summary>
    [SkippableTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_silo_from_the_others_and_from_the_database(bool isUnheard, bool isDeaf)
    {
        var (cluster, network) = await Networked();
        var stream = $"partition-{(isUnheard ? "unheard" : "")}{(isDeaf ? "deaf" : "")}";
        await using var encoder = await Encoder.Publish(stream, cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, stream);
        var owner = await cluster.OwnerOf(stream);
        var before = (await ServerCluster.Ask(cluster.Gateways[0], stream))!.Value.Epoch;

        var clock = Stopwatch.StartNew();
        foreach (var other in cluster.Silos.Where(silo => silo != owner).Select(silo => silo.Host).Append(cluster.Database.Address))
        {
            await (isUnheard ? network.Cut(owner.Host, other) : Task.CompletedTask);
            await (isDeaf ? network.Cut(other, owner.Host) : Task.CompletedTask);
        }

        await ServerCluster.Answers("the stream has an owner in the other part", cluster.Gateways[0], stream, Soon, answer => answer.Epoch > before);
        var moved = clock.Elapsed;
        await viewer.Sees(2, Soon);
        await network.Heal();
        await Eventually.IsTrue("the silo that was declared dead ends", Soon, () => !owner.IsRunning);
        await viewer.Sees(1, Soon);
        Assert.All(cluster.Silos.Where(silo => silo != owner), silo => Assert.True(silo.IsRunning, $"{silo.Name} was taken down by one that was dead"));
        await cluster.StartAll();
        await viewer.Sees(1, Soon);

        var seen = viewer.Playback();
        output.Figure($"{Words(isUnheard, isDeaf)}: owned elsewhere after {moved.TotalSeconds:0.0} s, viewer {seen}; {await cluster.History.HoldsOneOwner(stream)}");
        viewer.SawNothingWrong();
        KillTests.SawNothing(seen);
    }

    [SkippableFact]
    public async Task An_ingest_node_from_a_gateway_for_five_seconds()
    {
        var (cluster, network) = await Networked();
        await using var encoder = await Encoder.Publish("partition-link", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "partition-link");

        await network.CutBothWays(cluster.Ingests[0].Host, cluster.Gateways[1].Host);
        await Task.Delay(TimeSpan.FromSeconds(5));
        await network.Heal();
        var clock = Stopwatch.StartNew();
        await viewer.Sees(4, Soon);   // at both gateways, without a hole

        var seen = viewer.Playback();
        output.Figure($"frame link cut for 5 s: the gateway listed 4 segments more {clock.Elapsed.TotalSeconds:0.0} s later, viewer {seen}");
        viewer.SawNothingWrong();
        KillTests.SawNothing(seen);
    }

    [SkippableFact]
    public async Task Seven_of_a_hundred_packets_everywhere()
    {
        var (cluster, network) = await Networked();
        await using var encoder = await Encoder.Publish("packet-loss", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "packet-loss");
        var running = cluster.Nodes.Count(node => node.IsRunning);

        await network.Lose(percent: 7);
        await viewer.Sees(8, TimeSpan.FromSeconds(60));
        await network.Heal();

        var seen = viewer.Playback();
        output.Figure($"7 % packet loss for 16 s: viewer {seen}; {await cluster.History.HoldsOneOwner("packet-loss")}");
        viewer.SawNothingWrong();
        KillTests.SawNothing(seen);
        Assert.Equal(running, cluster.Nodes.Count(node => node.IsRunning));
    }

    async Task<(ServerCluster, ClusterNetwork)> Networked()
    {
        Skip.If(ClusterNetwork.Missing is not null, ClusterNetwork.Missing);
        var cluster = await faults.Whole();
        return (cluster, cluster.Network!);
    }

    static string Words(bool isUnheard, bool isDeaf) => (isUnheard, isDeaf) switch
    {
        (true, true) => "silo cut off from the others and the database",
        (true, false) => "silo that the others and the database do not hear",
        _ => "silo that does not hear the others and the database",
    };
}
