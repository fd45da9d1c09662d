namespace Tributary.Grains.Access;

/// <inheritdoc cref="IAccessCatalogGrain"/>
[GrainType("access-catalog")]
public sealed class AccessCatalogGrain(
    [PersistentState("access-catalog", GrainStorageName.Tributary)] IPersistentState<AccessCatalogState> state) : Grain, IAccessCatalogGrain
{
    const int Most = 10_000;

    public Task<AccessList?> Read(long known) => Task.FromResult(known == state.State.Version
        ? null
        : new AccessList { Version = state.State.Version, Streams = [.. state.State.Streams.Values] });

    public async Task<bool> Set(StreamAccess access)
    {
        if (state.State.Streams.Count >= Most && !state.State.Streams.ContainsKey(access.Stream))
        {
            return false;
        }

        state.State.Streams[access.Stream] = access;
        await Write();
        return true;
    }

    public async Task<bool> Clear(string stream)
    {
        if (!state.State.Streams.Remove(stream))
        {
            return false;
        }

        await Write();
        return true;
    }

    Task Write()
    {
        state.State.Version++;
        return state.WriteStateAsync();
    }
}

[GenerateSerializer, Alias("tributary.access-catalog-state")]
public sealed class AccessCatalogState
{
    [Id(0)] public long Version { get; set; }

    [Id(1)] public Dictionary<string, StreamAccess> Streams { get; set; } = [];
}
