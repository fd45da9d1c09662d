using Orleans.TestingHost.Simulation;

namespace Tributary.Cluster.Simulation;

/// <summary>What happens to a simulated cluster: the seed chooses what, to whom, when and for how long.</summary>
sealed class Faults(SimulatedCluster cluster)
{
    SimulatedWorld World => cluster.World;

    Random Random => cluster.World.Random;

    /// <summary>How many of each kind there were.</summary>
    public SortedDictionary<string, int> ByKind { get; } = new(StringComparer.Ordinal);

    /// <summary>So many faults, one beginning a while after the other; the earlier ones may still last.</summary>
    public void Play(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var kind = Next();
            ByKind[kind] = ByKind.GetValueOrDefault(kind) + 1;
            World.Run(Seconds(1, 10));
        }
    }

    /// <summary>Everything is mended, and whoever is down starts by itself.</summary>
    public void End()
    {
        World.Network.MendAll();
        (World.Network.LossPerMille, World.Network.MostDelay) = (0, TimeSpan.FromMilliseconds(2));
        (World.Database.IsAway, World.Database.LostAnswersPerMille, World.Database.Slowness) = (false, 0, TimeSpan.FromMilliseconds(1));
        foreach (var node in cluster.Nodes)
        {
            node.Process.ClockOffset = TimeSpan.Zero;
            node.Process.Continue();
        }
    }

    string Next()
    {
        switch (Random.Next(12))
        {
            case 0 or 1:
                Crash(Any(cluster.Silos));
                return "silo crashes";
            case 2:
                Crash(Any<SimulatedNode>([.. cluster.Ingests, .. cluster.Gateways]));
                return "host crashes";
            case 3 or 4:
                Stall(Any<SimulatedNode>([.. cluster.Nodes]));
                return "stalls";
            case 5:
                Partition(bothWays: true);
                return "partitions";
            case 6:
                Partition(bothWays: false);
                return "one-way partitions";
            case 7:
                DatabaseAway(Any(cluster.Silos));
                return "database away for one silo";
            case 8:
                DatabaseAway(null);
                return "database away for all";
            case 9:
                Slow();
                return "slow and lossy";
            case 10:
                Jump(Any<SimulatedNode>([.. cluster.Nodes]));
                return "clock jumps";
            default:
                CrashAll();
                return "crashes of everything";
        }
    }

    void Crash(SimulatedNode node)
    {
        World.Log($"fault: {node.Name} crashes");
        node.Crash(Seconds(1, 15));
    }

    void CrashAll()
    {
        World.Log("fault: everything crashes");
        foreach (var node in cluster.Nodes)
        {
            node.Crash(Seconds(0.5, 4));
        }
    }

    void Stall(SimulatedNode node)
    {
        var time = Seconds(0.5, 25);
        World.Log($"fault: {node.Name} is stopped for {time.TotalSeconds:0.0} s");
        node.Process.Stop(time);
    }

    // One machine is cut off: from one other, from all of them, or from all and the database.
    void Partition(bool bothWays)
    {
        var node = Any<SimulatedNode>([.. cluster.Nodes]);
        var others = cluster.Nodes.Where(other => other != node).Select(other => other.Machine).ToList();
        others = Random.Next(3) switch
        {
            0 => [others[Random.Next(others.Count)]],
            1 => others,
            _ => [.. others, SimulatedDatabase.Machine],
        };
        var inwards = bothWays || Random.Next(2) == 0;
        var time = Seconds(1, 25);
        World.Log($"fault: {node.Name} is cut off {(bothWays ? "both ways" : inwards ? "inwards" : "outwards")} from {string.Join(", ", others)} for {time.TotalSeconds:0.0} s");
        foreach (var other in others)
        {
            if (inwards)
            {
                World.Network.Cut(other, node.Machine);
            }

            if (bothWays || !inwards)
            {
                World.Network.Cut(node.Machine, other);
            }
        }

        World.After(time, () => others.ForEach(other =>
        {
            World.Network.Mend(other, node.Machine);
            World.Network.Mend(node.Machine, other);
        }));
    }

    void DatabaseAway(SimulatedNode? forWhom)
    {
        var time = Seconds(1, 25);
        World.Log($"fault: the database is away for {forWhom?.Name ?? "all"} for {time.TotalSeconds:0.0} s");
        if (forWhom is null)
        {
            World.Database.IsAway = true;
            World.After(time, () => World.Database.IsAway = false);
            return;
        }

        World.Network.Cut(forWhom.Machine, SimulatedDatabase.Machine);
        World.Network.Cut(SimulatedDatabase.Machine, forWhom.Machine);
        World.After(time, () =>
        {
            World.Network.Mend(forWhom.Machine, SimulatedDatabase.Machine);
            World.Network.Mend(SimulatedDatabase.Machine, forWhom.Machine);
        });
    }

    void Slow()
    {
        var time = Seconds(2, 20);
        World.Network.MostDelay = TimeSpan.FromMilliseconds(Random.Next(5, 300));
        World.Network.LossPerMille = Random.Next(50);
        World.Database.Slowness = TimeSpan.FromMilliseconds(Random.Next(1, 1500));
        World.Database.LostAnswersPerMille = Random.Next(100);
        World.Log($"fault: everything is slow and lossy for {time.TotalSeconds:0.0} s");
        World.After(time, () =>
        {
            (World.Network.LossPerMille, World.Network.MostDelay) = (0, TimeSpan.FromMilliseconds(2));
            (World.Database.LostAnswersPerMille, World.Database.Slowness) = (0, TimeSpan.FromMilliseconds(1));
        });
    }

    void Jump(SimulatedNode node)
    {
        node.Process.ClockOffset = TimeSpan.FromSeconds(Random.Next(-3600, 3600));
        World.Log($"fault: the clock of {node.Name} is off by {node.Process.ClockOffset.TotalSeconds} s");
    }

    T Any<T>(T[] among) => among[Random.Next(among.Length)];

    TimeSpan Seconds(double least, double most) => World.Chance(TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most));
}
