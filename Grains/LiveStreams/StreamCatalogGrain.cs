using Microsoft.Extensions.Logging;

namespace Tributary.Grains.LiveStreams;

/// <inheritdoc cref="IStreamCatalogGrain"/>
[GrainType("stream-catalog")]
public sealed partial class StreamCatalogGrain(
    [PersistentState("stream-catalog", GrainStorageName.Tributary)] IPersistentState<StreamCatalogState> state,
    ILogger<StreamCatalogGrain> log) : Grain, IStreamCatalogGrain
{
    IGrainTimer? _check;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // After a cold start nobody may come back for a stream that was live: asked once, it finds out by itself, and leaves the list.
        // Streams that enter themselves meanwhile must not wait for it: they may be the ones who are asked.
        _check = this.RegisterGrainTimer(AskEverybody, new GrainTimerCreationOptions(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan) { Interleave = true });
        return Task.CompletedTask;
    }

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

    async Task AskEverybody()
    {
        _check?.Dispose();
        foreach (var name in state.State.Lines.Keys.ToArray())
        {
            try
            {
                if ((await GrainFactory.GetGrain<ILiveStreamGrain>(name).Describe()).State == StreamState.OffAir)
                {
                    await Remove(name);
                }
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                LogNoAnswer(name, exception.Message);   // it is asked again when this grain is activated again
            }
        }
    }

    public Task<StreamListing[]> List() => Task.FromResult(state.State.Lines.Values.ToArray());

    [LoggerMessage(LogLevel.Warning, "The catalog could not ask stream {Stream} whether it is still live: {Why}")]
    partial void LogNoAnswer(string stream, string why);
}

[GenerateSerializer, Alias("tributary.stream-catalog-state")]
public sealed class StreamCatalogState
{
    [Id(0)] public Dictionary<string, StreamListing> Lines { get; set; } = [];
}
