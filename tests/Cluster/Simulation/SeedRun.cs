using Orleans.TestingHost.Simulation;

namespace Tributary.Cluster.Simulation;

/// <summary>What came of one seed.</summary>
/// <param name="Digest">Hash of the log of events: equal whenever the seed is run again.</param>
/// <param name="Recovery">From the end of the last fault until every stream was live at every gateway.</param>
public sealed record Verdict(
    int Seed, ClusterSize Size, IReadOnlyList<string> Violations, ulong Digest, long Events, TimeSpan Simulated, TimeSpan Recovery, long Listings, long Takeovers,
    IReadOnlyDictionary<string, int> Faults);

/// <summary>
/// One simulated cluster from a seed: it begins, faults happen to it, they end, and it has to be live again within <see cref="RecoveryBound"/>.
/// </summary>
public static class SeedRun
{
    /// <summary>After the last fault, every stream is live at every gateway again within this.</summary>
    public static readonly TimeSpan RecoveryBound = TimeSpan.FromSeconds(45);

    // Faults begin while a cluster begins, or when all is well.
    static readonly (TimeSpan Least, TimeSpan Most) Quiet = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));

    public static Verdict Of(int seed, Action<string>? watch = null, Action<SimulatedWorld>? mistake = null)
    {
        using var world = new SimulatedWorld(seed) { Watch = watch };
        mistake?.Invoke(world);
        var size = ClusterSize.Of(world.Random);
        using var cluster = new SimulatedCluster(world, size);
        cluster.Start();
        world.Run(world.Chance(Quiet.Least, Quiet.Most));
        var faults = new Faults(cluster);
        faults.Play(world.Random.Next(2, 7));
        faults.End();
        world.Log("the faults end");
        var recovery = Recover(cluster);
        var judge = cluster.Judge;
        return new Verdict(
            seed, size, [.. judge.Violations, .. world.Failures.Take(3)], world.Digest, world.Events, world.Now, recovery, judge.Listings, judge.Takeovers, faults.ByKind);
    }

    static TimeSpan Recover(SimulatedCluster cluster)
    {
        var world = cluster.World;
        var ended = world.Now;
        while (world.Now - ended < RecoveryBound)
        {
            world.Run(TimeSpan.FromSeconds(1));
            if (NotLive(cluster, ended) is null)
            {
                return world.Now - ended;
            }
        }

        cluster.Judge.Violated($"not live {RecoveryBound.TotalSeconds} s after the last fault: {NotLive(cluster, ended)}");
        return RecoveryBound;
    }

    // Live: every node is up, and every gateway lists new segments of every stream.
    static string? NotLive(SimulatedCluster cluster, TimeSpan since) =>
        cluster.Nodes.FirstOrDefault(node => !node.IsUp || !node.IsActive) is { } down ? $"{down.Name} is not active"
            : cluster.Gateways.SelectMany(gateway => cluster.Encoders.Select(encoder => (gateway, encoder.Stream)))
                .FirstOrDefault(pair => pair.gateway.Following(pair.Stream) is not { } followed || followed.ListedAt < since || cluster.World.Now - followed.ListedAt > TimeSpan.FromSeconds(5))
            is { gateway: not null } behind ? $"{behind.gateway.Name} lists nothing new of {behind.Stream}" : null;
}
