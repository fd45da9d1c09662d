using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Finds and moves activations of a test cluster.</summary>
static class TestGrains
{
    public static Activation? Find(LocalCluster cluster, GrainId grainId) => cluster.Silos.Select(s => s.Catalog.Find(grainId)).FirstOrDefault(a => a is not null);

    public static async Task Deactivate(LocalCluster cluster, GrainId grainId)
    {
        if (Find(cluster, grainId) is { } activation)
        {
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "The test asked for it."));
            await activation.Deactivated;
        }
    }

    public static async Task Migrate(LocalCluster cluster, GrainId grainId, SiloAddress? target)
    {
        if (Find(cluster, grainId) is { } activation)
        {
            activation.Migrate(target is null ? null : new Dictionary<string, object> { [Runtime.Placement.IPlacementDirector.PlacementHintKey] = target });
            await activation.Deactivated;
        }
    }
}
