using Orleans.Concurrency;

namespace Tributary.Grains.ServerNodes;

/// <inheritdoc cref="IPulseGrain"/>
[GrainType("pulse")]
[StatelessWorker(1)]
public sealed class PulseGrain : Grain, IPulseGrain
{
    public Task Beat() => Task.CompletedTask;
}
