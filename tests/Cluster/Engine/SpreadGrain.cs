using Orleans.Placement;

namespace Tributary.Cluster.Engine;

/// <summary>Tells where it lives, which is anywhere: the default placement keeps to the silo that a call comes in at while that is hardly busier than others.</summary>
public interface ISpreadGrain : IGrainWithIntegerKey
{
    Task<string> WhereAmI();
}

[RandomPlacement]
public sealed class SpreadGrain : Grain, ISpreadGrain
{
    public Task<string> WhereAmI() => Task.FromResult(RuntimeIdentity);
}
