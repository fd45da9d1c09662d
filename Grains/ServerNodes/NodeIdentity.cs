namespace Tributary.Grains.ServerNodes;

/// <summary>Who this process is in the cluster.</summary>
/// <param name="Name">Name of its server node: unique in the cluster, the same after a restart.</param>
/// <param name="FrameLink">Where other hosts subscribe to its frames (host:port).</param>
public sealed record NodeIdentity(string Name, string FrameLink)
{
    /// <summary>Another for each run of the process: what an earlier run of the same node left behind is dead.</summary>
    public Guid Run { get; } = Guid.NewGuid();
}
