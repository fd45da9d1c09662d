using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.TestingHost.Simulation;
using Tributary.Grains;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Cluster.Simulation;

/// <summary>How large a simulated cluster is.</summary>
public sealed record ClusterSize(int Silos, int Ingests, int Gateways, int Streams)
{
    /// <summary>Three of four are as small as a cluster can be that a fault leaves something of; the others are larger.</summary>
    public static ClusterSize Of(Random random) => random.Next(4) > 0
        ? new(random.Next(2, 4), 2, random.Next(1, 3), 1)
        : new(random.Next(3, 6), random.Next(2, 4), random.Next(1, 4), random.Next(1, 4));
}

/// <summary>
/// Silos with the product's grains, hosts that publish with the product's sessions, and gateways, each a process of a simulated world, with the settings that
/// the product gives a cluster of processes.
/// </summary>
sealed class SimulatedCluster : IDisposable
{
    readonly Dictionary<string, int> _generations = [];

    public SimulatedCluster(SimulatedWorld world, ClusterSize size)
    {
        World = world;
        Judge = new Judge(world);
        Silos = [.. Enumerable.Range(0, size.Silos).Select(i => new SimulatedNode(this, $"silo{i}", $"10.0.1.{i + 1}"))];
        Ingests = [.. Enumerable.Range(0, size.Ingests).Select(i => new SimulatedIngest(this, $"ingest{i}", $"10.0.2.{i + 1}"))];
        Gateways = [.. Enumerable.Range(0, size.Gateways).Select(i => new SimulatedGateway(this, $"gateway{i}", $"10.0.3.{i + 1}", StreamNames(size.Streams)))];
        Encoders = [.. StreamNames(size.Streams).SelectMany((name, i) => Enumerable.Range(0, world.Random.Next(1, 3)).Select(slot => new Encoder(this, name, slot, i + slot)))];
    }

    public SimulatedWorld World { get; }

    public Judge Judge { get; }

    /// <summary>The memory of all encoders' frames.</summary>
    public FrameArena Arena { get; } = new(new FramePool(slabSize: 4096));

    public SimulatedNode[] Silos { get; }

    public SimulatedIngest[] Ingests { get; }

    public SimulatedGateway[] Gateways { get; }

    public Encoder[] Encoders { get; }

    public IEnumerable<SimulatedNode> Nodes => [.. Silos, .. Ingests, .. Gateways];

    public static string[] StreamNames(int count) => [.. Enumerable.Range(0, count).Select(i => $"stream{i}")];

    public void Start()
    {
        foreach (var node in Nodes)
        {
            node.Start();
        }

        foreach (var encoder in Encoders)
        {
            encoder.Start();
        }
    }

    public void Dispose() => Arena.Dispose();

    public int NextGeneration(string machine) => _generations[machine] = _generations.GetValueOrDefault(machine) + 1;

    public static void Configure(ISiloBuilder silo)
    {
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(1);
            membership.NumMissedProbesLimit = 3;
            membership.NumVotesForDeathDeclaration = 2;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
            membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(5));
        silo.Configure<ConnectionOptions>(Reconnect);
        silo.Services.Configure<LiveStreamOptions>(_ => { });
    }

    public static void Configure(IClientBuilder client)
    {
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(3));
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
        client.Configure<ConnectionOptions>(Reconnect);
    }

    static void Reconnect(ConnectionOptions connections)
    {
        connections.OpenConnectionTimeout = TimeSpan.FromSeconds(2);
        connections.ConnectionRetryDelay = TimeSpan.FromMilliseconds(250);
    }
}

/// <summary>A machine with one process at a time; the class itself is a silo.</summary>
class SimulatedNode(SimulatedCluster cluster, string name, string machine)
{
    TimeSpan _pause = TimeSpan.FromSeconds(1);
    int _runs;

    public string Name => name;

    public string Machine => machine;

    public SimulatedWorld World => cluster.World;

    public SimulatedCluster Cluster => cluster;

    public SimulatedProcess Process { get; private set; } = null!;

    public IServiceProvider Services { get; private set; } = null!;

    /// <summary>The process takes part in the cluster.</summary>
    public bool IsActive { get; private set; }

    public bool IsUp => Process.IsAlive;

    public void Start()
    {
        Process = World.NewProcess($"{name}.{++_runs}", machine);
        IsActive = false;
        Process.WhenEnded(Ended);
        var process = Process;
        Services = StartProcess(() =>
        {
            IsActive = ReferenceEquals(process, Process);
            World.Log($"{process.Name} is active");
            Began();
        });
    }

    /// <summary>Ends the process at once; it starts again after a pause.</summary>
    public void Crash(TimeSpan pause)
    {
        _pause = pause;
        Process.Kill();
    }

    // As systemd does for one that ended by itself.
    void Ended()
    {
        World.After(_pause, () =>
        {
            if (!IsUp)
            {
                Start();
            }
        });
        _pause = TimeSpan.FromSeconds(1);
    }

    protected virtual IServiceProvider StartProcess(Action active) => Process.StartSilo(
        cluster.NextGeneration(machine), GrainStorageName.Tributary, SimulatedCluster.Configure, active);

    protected virtual void Began()
    {
    }
}
