using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

/// <summary>
/// The network between the silos and clients of a test cluster, to be broken by a test. Ours, not part of the Orleans API: only tests of the embedded engine
/// and of what stands on it may use it.
/// </summary>
public sealed class SimulatedNetwork : INetworkFaults
{
    readonly ConcurrentDictionary<(SiloAddress, SiloAddress), bool> _cut = new();
    readonly MemoryNetwork _network;

    internal SimulatedNetwork(MemoryNetwork network)
    {
        _network = network;
        network.Faults = this;
    }

    /// <summary>Messages are held this long, by the clock given to <see cref="UseClock"/>; order is kept.</summary>
    public Func<SimulatedMessage, TimeSpan>? Delay { get; set; }

    /// <summary>Messages for which it is true are lost.</summary>
    public Func<SimulatedMessage, bool>? Drop { get; set; }

    /// <summary>Loses everything between two nodes, both ways.</summary>
    public void Partition(SiloAddress one, SiloAddress other)
    {
        _cut[(one, other)] = true;
        _cut[(other, one)] = true;
    }

    /// <summary>Takes all partitions, drops and delays back.</summary>
    public void Heal()
    {
        _cut.Clear();
        Drop = null;
        Delay = null;
    }

    /// <summary>The clock by which delayed messages are delivered.</summary>
    public void UseClock(TimeProvider clock) => _network.Time = clock;

    bool INetworkFaults.Allow(Message message, out TimeSpan delay)
    {
        delay = TimeSpan.Zero;
        var from = message.Via ?? message.Sender;
        if (_cut.ContainsKey((from, message.Target!)))
        {
            return false;
        }

        var seen = new SimulatedMessage(from, message.Target!, message.TargetGrain, message.Method?.Name, message.Kind == MessageKind.Response);
        if (Drop?.Invoke(seen) == true)
        {
            return false;
        }

        delay = Delay?.Invoke(seen) ?? TimeSpan.Zero;
        return true;
    }
}

/// <summary>A message as a test sees it.</summary>
public sealed record SimulatedMessage(SiloAddress From, SiloAddress To, GrainId TargetGrain, string? Method, bool IsResponse);

/// <summary>The test controls of a cluster.</summary>
public static class SimulationExtensions
{
    /// <summary>Takes the cluster's network under control.</summary>
    public static SimulatedNetwork SimulateNetwork(this TestCluster cluster) => new(cluster.Cluster.Network);

    /// <summary>Takes the cluster's network under control.</summary>
    public static SimulatedNetwork SimulateNetwork(this InProcessTestCluster cluster) => new(cluster.Cluster.Network);

    /// <summary>Gives every silo and the client this clock; call it before the cluster is built.</summary>
    public static InProcessTestClusterBuilder UseClock(this InProcessTestClusterBuilder builder, TimeProvider clock) =>
        builder.ConfigureHost(host => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(host.Services, clock));

    /// <summary>Gives placement this chance, with a seed of the test.</summary>
    public static InProcessTestClusterBuilder UseRandom(this InProcessTestClusterBuilder builder, Random random) =>
        builder.ConfigureSiloHost((_, host) => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(host.Services, random));
}
