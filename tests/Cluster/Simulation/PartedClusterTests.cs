using Orleans.TestingHost.Simulation;
using Xunit.Abstractions;

namespace Tributary.Cluster.Simulation;

/// <summary>A partition that leaves a source and a gateway together, with everything else on the other side.</summary>
public sealed class PartedClusterTests(ITestOutputHelper output)
{
    const int Seeds = 60;
    const string Stream = "stream0";
    static readonly TimeSpan Before = TimeSpan.FromSeconds(12), Parted = TimeSpan.FromSeconds(20), After = TimeSpan.FromSeconds(20);

    [Fact]
    public void Both_sides_go_on_and_no_number_gets_a_second_content()
    {
        var wentOn = Enumerable.Range(1, Seeds).Count(seed => BothWentOn(seed));
        output.WriteLine($"both sides listed segments in {wentOn} of {Seeds} partitions");
        Assert.InRange(wentOn, 1, Seeds);
    }

    static bool BothWentOn(int seed)
    {
        using var world = new SimulatedWorld(seed);
        using var cluster = new SimulatedCluster(world, new ClusterSize(Silos: 2, Ingests: 2, Gateways: 2, Streams: 1));
        cluster.Start();
        world.Run(Before);
        Part(cluster, [cluster.Ingests[seed % 2], cluster.Gateways[0]]);
        world.Run(Parted);
        var wentOn = cluster.Gateways.All(gateway => gateway.Following(Stream) is { } followed && world.Now - followed.ListedAt < Parted / 2);
        world.Network.MendAll();
        world.Run(After);

        Assert.True(cluster.Judge.Violations.Count == 0, $"seed {seed}: {string.Join('\n', cluster.Judge.Violations)}");
        Assert.All(cluster.Gateways, gateway => Assert.True(world.Now - gateway.Following(Stream)!.ListedAt < TimeSpan.FromSeconds(5), $"seed {seed}: {gateway.Name} lists nothing new"));
        return wentOn;
    }

    static void Part(SimulatedCluster cluster, SimulatedNode[] together)
    {
        var others = cluster.Nodes.Except(together).Select(node => node.Machine).Append(SimulatedDatabase.Machine).ToArray();
        foreach (var inside in together)
        {
            foreach (var outside in others)
            {
                cluster.World.Network.Cut(inside.Machine, outside);
                cluster.World.Network.Cut(outside, inside.Machine);
            }
        }
    }
}
