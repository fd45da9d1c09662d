namespace Tributary.Grains.ServerNodes;

/// <summary>Who this process is in the cluster.</summary>
/// <param name="Name">Name of its server node: unique in the cluster, the same after a restart.</param>
/// <param name="FrameLink">Where other hosts subscribe to its frames (host:port).</param>
public sealed record NodeIdentity(string Name, string FrameLink);
