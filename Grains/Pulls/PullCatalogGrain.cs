namespace Tributary.Grains.Pulls;

/// <inheritdoc cref="IPullCatalogGrain"/>
[GrainType("pull-catalog")]
public sealed class PullCatalogGrain(
    [PersistentState("pull-catalog", GrainStorageName.Tributary)] IPersistentState<PullCatalogState> state) : Grain, IPullCatalogGrain
{
    const int Most = 1_000;
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(TendAll, new GrainTimerCreationOptions(TimeSpan.Zero, Interval) { Interleave = true });
        return Task.CompletedTask;
    }

    public async Task<bool> Add(string name)
    {
        if (state.State.Names.Count >= Most && !state.State.Names.Contains(name))
        {
            return false;
        }

        if (state.State.Names.Add(name))
        {
            await state.WriteStateAsync();
        }

        return true;
    }

    public Task Remove(string name) => state.State.Names.Remove(name) ? state.WriteStateAsync() : Task.CompletedTask;

    public Task<string[]> Names() => Task.FromResult(state.State.Names.Order(StringComparer.Ordinal).ToArray());

    public Task Wake() => Task.CompletedTask;

    Task TendAll() => Task.WhenAll(state.State.Names.Select(name => GrainFactory.GetGrain<IPullGrain>(name).Tend()));
}

[GenerateSerializer, Alias("tributary.pull-catalog-state")]
public sealed class PullCatalogState
{
    [Id(0)] public HashSet<string> Names { get; set; } = [];
}
