namespace Tributary.Grains.LiveStreams;

/// <inheritdoc cref="IStreamCatalogGrain"/>
[GrainType("stream-catalog")]
public sealed class StreamCatalogGrain(
    [PersistentState("stream-catalog", GrainStorageName.Tributary)] IPersistentState<StreamCatalogState> state) : Grain, IStreamCatalogGrain
{
    public async Task Put(StreamListing listing)
    {
        var lines = state.State.Lines;
        if (lines.TryGetValue(listing.Name, out var known) && known.Version > listing.Version)
        {
            return;   // a late message of an older activation
        }

        lines[listing.Name] = listing;
        await state.WriteStateAsync();
    }

    public Task Remove(string name) => state.State.Lines.Remove(name) ? state.WriteStateAsync() : Task.CompletedTask;

    public Task<StreamListing[]> List() => Task.FromResult(state.State.Lines.Values.ToArray());
}

[GenerateSerializer, Alias("tributary.stream-catalog-state")]
public sealed class StreamCatalogState
{
    [Id(0)] public Dictionary<string, StreamListing> Lines { get; set; } = [];
}
