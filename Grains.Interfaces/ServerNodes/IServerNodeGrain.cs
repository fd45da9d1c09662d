using Orleans.Concurrency;
using Tributary.Grains.Pulls;
using Tributary.Grains.Recordings;

namespace Tributary.Grains.ServerNodes;

/// <summary>
/// Stands for one server node: a process that ingests, serves or hosts grains. The key is the node's name. A node that falls silent is asked
/// whether it lives; one that does not answer, or whose silo left the membership, is dead.
/// </summary>
[Alias("tributary.server-node")]
public interface IServerNodeGrain : IGrainWithStringKey
{
    /// <summary>The node lives and is this loaded. A report of an earlier run of the node's process is ignored.</summary>
    [Alias("heartbeat")]
    Task Heartbeat(NodeReport report, INodeObserver node);

    /// <summary>The process says good-bye.</summary>
    [Alias("leave")]
    Task Leave();

    /// <summary>The membership declared this silo dead; whether the node still runs on it is for the grain to know.</summary>
    [Alias("silo-died")]
    Task SiloDied(string silo);

    /// <summary>Asks the node to take no new work and to hand over what it has, or to take work again. False: the node does not answer.</summary>
    [Alias("drain")]
    Task<bool> Drain(bool draining);

    /// <summary>Gives the node a source to pull, or takes it away. False: the node does not answer.</summary>
    [Alias("pull")]
    Task<bool> Pull(PullAssignment assignment);

    /// <summary>Gives the node a stream to keep, or takes it away. False: the node does not answer.</summary>
    [Alias("record")]
    Task<bool> Record(RecordingAssignment assignment);

    [ReadOnly]
    [Alias("describe")]
    Task<NodeDescription> Describe();
}

/// <summary>How the grain reaches its node.</summary>
[Alias("tributary.node-observer")]
public interface INodeObserver : IGrainObserver
{
    /// <summary>Answers at once: the process lives.</summary>
    [Alias("ping")]
    Task Ping();

    [Alias("drain")]
    Task Drain(bool draining);

    [Alias("pull")]
    Task Pull(PullAssignment assignment);

    [Alias("record")]
    Task Record(RecordingAssignment assignment);
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
