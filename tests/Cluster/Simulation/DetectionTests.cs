using Orleans.TestingHost.Simulation;
using Xunit.Abstractions;

namespace Tributary.Cluster.Simulation;

/// <summary>How soon a silo that says nothing any more is declared dead, and that one which is only slow is not; in simulated time.</summary>
public sealed class DetectionTests(ITestOutputHelper output)
{
    const int Seeds = 40;
    static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    // The next ping is a second away at most, then three of a second each; votes are written and read.
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(4.5);

    [Fact]
    public void A_silo_that_hangs() => IsDeclaredDead("that hangs", silo => silo.Process.Stop(TimeSpan.FromSeconds(20)));

    [Fact]
    public void A_silo_that_is_cut_off() => IsDeclaredDead("that is cut off", silo =>
    {
        foreach (var other in silo.Cluster.Nodes.Select(node => node.Machine).Append(SimulatedDatabase.Machine))
        {
            silo.World.Network.Cut(silo.Machine, other);
            silo.World.Network.Cut(other, silo.Machine);
        }
    });

    [Fact]
    public void A_silo_that_needs_longer_than_a_probe_for_each_answer_lives()
    {
        for (var seed = 1; seed <= Seeds / 4; seed++)
        {
            using var watched = new Watched(seed);
            (watched.World.Network.LeastDelay, watched.World.Network.MostDelay) = (TimeSpan.FromMilliseconds(550), TimeSpan.FromMilliseconds(700));
            watched.World.Run(TimeSpan.FromSeconds(60));
            Assert.True(watched.Died is null, $"seed {seed}");
        }
    }

    void IsDeclaredDead(string how, Action<SimulatedNode> befall)
    {
        var times = Enumerable.Range(1, Seeds).Select(seed =>
        {
            using var watched = new Watched(seed);
            var began = watched.World.Now;
            befall(watched.Cluster.Silos[seed % 3]);
            watched.World.Run(TimeSpan.FromSeconds(15));
            return (watched.Died ?? TimeSpan.MaxValue) - began;
        }).Order().ToArray();
        output.WriteLine($"figure: a silo {how} is declared dead after {times[0].TotalSeconds:0.0} to {times[^1].TotalSeconds:0.0} s ({Seeds} simulated clusters of three)");
        Assert.InRange(times[^1], TimeSpan.Zero, Bound);
    }

    /// <summary>A cluster of three silos that found each other, and when the first of them was declared dead.</summary>
    sealed class Watched : IDisposable
    {
        public Watched(int seed)
        {
            World = new SimulatedWorld(seed);
            Cluster = new SimulatedCluster(World, new ClusterSize(Silos: 3, Ingests: 1, Gateways: 1, Streams: 1));
            World.Database.Died = _ => Died ??= World.Now;
            Cluster.Start();
            World.Run(Settled + TimeSpan.FromMilliseconds(seed * 37));
        }

        public SimulatedWorld World { get; }

        public SimulatedCluster Cluster { get; }

        public TimeSpan? Died { get; private set; }

        public void Dispose()
        {
            Cluster.Dispose();
            World.Dispose();
        }
    }
}
