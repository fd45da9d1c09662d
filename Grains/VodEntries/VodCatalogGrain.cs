namespace Tributary.Grains.VodEntries;

/// <inheritdoc cref="IVodCatalogGrain"/>
[GrainType("vod-catalog")]
public sealed class VodCatalogGrain([PersistentState("vod-catalog", GrainStorageName.Tributary)] IPersistentState<VodCatalogState> state)
    : Grain, IVodCatalogGrain
{
    public Task Add(string entry) => state.State.Entries.Add(entry) ? state.WriteStateAsync() : Task.CompletedTask;

    public Task Remove(string entry) => state.State.Entries.Remove(entry) ? state.WriteStateAsync() : Task.CompletedTask;

    public Task<string[]> List() => Task.FromResult(state.State.Entries.ToArray());
}

[GenerateSerializer, Alias("tributary.vod-catalog-state")]
public sealed class VodCatalogState
{
    [Id(0)] public HashSet<string> Entries { get; set; } = [];
}
