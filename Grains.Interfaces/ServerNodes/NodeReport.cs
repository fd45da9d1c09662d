namespace Tributary.Grains.ServerNodes;

[GenerateSerializer, Alias("tributary.node-state")]
public enum NodeState
{
    Active,

    /// <summary>It takes no new work and hands over what it has.</summary>
    Draining,

    /// <summary>It said good-bye.</summary>
    Left,

    /// <summary>No heartbeat for <see cref="NodeReport.Lifetime"/>, although the process answers.</summary>
    NotRegistered,

    /// <summary>Its silo left the membership, or it is silent and does not answer when asked.</summary>
    Dead,
}

/// <summary>What a node says of itself.</summary>
[GenerateSerializer, Immutable, Alias("tributary.node-report")]
public sealed record NodeReport
{
    /// <summary>A node reports this often.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A node that is silent for this long is asked whether it lives.</summary>
    public static readonly TimeSpan Doubt = TimeSpan.FromSeconds(1.5);

    /// <summary>A node without a report for this long counts as not registered, even if it answers.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(120);

    [Id(0)] public required string[] Roles { get; init; }

    [Id(1)] public required DateTimeOffset StartedAt { get; init; }

    /// <summary><see cref="NodeState.Active"/> or <see cref="NodeState.Draining"/>.</summary>
    [Id(2)] public required NodeState State { get; init; }

    /// <summary>Addresses by purpose: <c>http</c>, <c>rtmp</c>, <c>frames</c>.</summary>
    [Id(3)] public Dictionary<string, string> Endpoints { get; init; } = [];

    [Id(4)] public required NodeLoad Load { get; init; }

    [Id(5)] public string Version { get; init; } = "";

    /// <summary>Address of the silo in this process; empty where it hosts no grains.</summary>
    [Id(6)] public string Silo { get; init; } = "";

    /// <summary>Whether a draining node has handed over all that it could: it may be stopped.</summary>
    [Id(7)] public bool Drained { get; init; }
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

    /// <summary>Streams whose frames this node has: published here or followed for viewers.</summary>
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

    /// <summary>When it came into <see cref="State"/>.</summary>
    [Id(4)] public DateTimeOffset Since { get; init; }

    public bool Has(string role) => Report is not null && Report.Roles.Contains(role, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// How busy it is, for choosing the least busy: the processor in tenths of what the machine has, then what it carries. Coarse, so that nodes
    /// which do nothing are chosen by what they were given and not by noise.
    /// </summary>
    public (int Tenths, int Carried) Busyness => Report is not { Load: { } load } ? (0, 0)
        : (10 * load.CpuMillicores / (1_000 * Math.Max(1, load.Cores)), load.Publishers + load.Windows);
}
