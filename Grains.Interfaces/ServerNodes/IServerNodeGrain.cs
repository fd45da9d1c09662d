using Orleans.Concurrency;

namespace Tributary.Grains.ServerNodes;

/// <summary>
/// Stands for one server node: a process that ingests, serves or hosts grains. The key is the node's name. It believes a node for
/// <see cref="NodeReport.Lifetime"/> after its last heartbeat.
/// </summary>
[Alias("tributary.server-node")]
public interface IServerNodeGrain : IGrainWithStringKey
{
    [Alias("heartbeat")]
    Task Heartbeat(NodeReport report);

    [Alias("leave")]
    Task Leave();

    [ReadOnly]
    [Alias("describe")]
    Task<NodeDescription> Describe();
}

/// <summary>Stands for the list of server nodes. There is one, with key 0.</summary>
[Alias("tributary.node-catalog")]
public interface INodeCatalogGrain : IGrainWithIntegerKey
{
    [Alias("put")]
    Task Put(NodeDescription node);

    [ReadOnly]
    [Alias("list")]
    Task<NodeDescription[]> List();
}

[GenerateSerializer, Alias("tributary.node-state")]
public enum NodeState
{
    Active,
    Draining,

    /// <summary>It said good-bye.</summary>
    Left,

    /// <summary>No heartbeat for <see cref="NodeReport.Lifetime"/>.</summary>
    NotRegistered,
}

/// <summary>What a node says of itself every few seconds.</summary>
[GenerateSerializer, Immutable, Alias("tributary.node-report")]
public sealed record NodeReport
{
    /// <summary>A node is asked for a report this often.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>A node without a report for this long counts as not registered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(120);

    [Id(0)] public required string[] Roles { get; init; }

    [Id(1)] public required DateTimeOffset StartedAt { get; init; }

    [Id(2)] public required NodeState State { get; init; }

    /// <summary>Addresses by purpose: <c>http</c>, <c>rtmp</c>, <c>frames</c>.</summary>
    [Id(3)] public Dictionary<string, string> Endpoints { get; init; } = [];

    [Id(4)] public required NodeLoad Load { get; init; }

    [Id(5)] public string Version { get; init; } = "";
}

[GenerateSerializer, Immutable, Alias("tributary.node-load")]
public sealed record NodeLoad
{
    /// <summary>Processor time used, in thousandths of one core.</summary>
    [Id(0)] public int CpuMillicores { get; init; }

    /// <summary>Cores of the machine.</summary>
    [Id(1)] public int Cores { get; init; }

    /// <summary>Bytes of memory in use by the process.</summary>
    [Id(2)] public long WorkingSet { get; init; }

    [Id(3)] public int Publishers { get; init; }

    [Id(4)] public int Windows { get; init; }

    /// <summary>Bytes of frame memory in use.</summary>
    [Id(5)] public long FrameMemory { get; init; }
}

[GenerateSerializer, Immutable, Alias("tributary.node-description")]
public sealed record NodeDescription
{
    [Id(0)] public required string Name { get; init; }

    [Id(1)] public required NodeState State { get; init; }

    [Id(2)] public required DateTimeOffset LastSeen { get; init; }

    [Id(3)] public NodeReport? Report { get; init; }
}
