using Microsoft.Extensions.Logging;
using Tributary.Grains.Recordings;

namespace Tributary.Grains.LiveStreams;

// Who is told of it: the gateways that watch, and the catalog.
public sealed partial class LiveStreamGrain
{
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(3);

    bool _recorded = true;   // until its recording's grain says otherwise
    long _looked;

    async Task Announce()
    {
        await _gateways.Tell(_directive);
        TellRecording();
        await List();
    }

    // Of a stream that is neither recorded nor kept for rewinding nobody is told; one that is by command is asked for. The entry stands for its renditions.
    void TellRecording()
    {
        if (IsEntry && (recording.Value.ModeOf(Name) != RecordingMode.Off || dvr.Value.WindowOf(Name) > TimeSpan.Zero))
        {
            _recorded = true;
            _ = GrainFactory.GetGrain<IRecordingGrain>(Name).StreamChanged(state.State.State, _nextMsn);
        }
    }

    public Task LookAfterRecording()
    {
        _recorded = true;
        return Task.CompletedTask;
    }

    // A recording's grain can go down together with its recorder, and nobody else would call it. An activation does not know whether
    // somebody commanded a recording: it asks once.
    async Task CheckRecording()
    {
        if (!_recorded || !IsEntry || state.State.State == StreamState.OffAir || time.GetElapsedTime(_looked) < LookEvery)
        {
            return;
        }

        _looked = time.GetTimestamp();
        try
        {
            _recorded = await GrainFactory.GetGrain<IRecordingGrain>(Name).IsWanted().WaitAsync(options.Value.SettleTimeout, time);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)   // of the call, or of the storage that it could not be read from
        {
            LogRecordingUnheard(Name, exception.Message);   // it is asked again
        }
    }

    [LoggerMessage(LogLevel.Debug, "The recording of stream {Stream} does not answer: {Why}")]
    partial void LogRecordingUnheard(string stream, string why);

    // Gateways are told what is written and nothing else: they follow the highest epoch that they ever heard of, and one that no later activation
    // knows of would keep them from every later source.
    StreamDirective Written() => new()
    {
        State = state.State.State,
        Epoch = state.State.Epoch,
        Version = state.State.Version,
        Node = state.State.OnAir?.Node ?? "",
        FrameLink = state.State.OnAir?.FrameLink ?? "",
        Renditions = state.State.Renditions,
    };

    // The catalog is for people: while its silo does not answer, a stream goes on without it and enters itself again later.
    async Task List()
    {
        if (!IsEntry)
        {
            return;   // the entry stands for its renditions
        }

        var shard = GrainFactory.ShardOf(Name);
        try
        {
            _listing = state.State.State == StreamState.OffAir ? shard.Remove(Name) : shard.Put(Listing());
            await _listing.WaitAsync(options.Value.SettleTimeout, time);
            _catalogBehind = false;
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            _catalogBehind = true;
            LogCatalogBehind(Name, exception.Message);
        }
    }

    StreamListing Listing() => new()
    {
        Name = Name,
        State = state.State.State,
        Since = state.State.Since,
        Node = state.State.OnAir?.Node ?? "",
        Tracks = OnAir?.Health.Tracks ?? [],
        Version = state.State.Version,
    };

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} could not enter itself in the catalog ({Why}); it tries again")]
    partial void LogCatalogBehind(string stream, string why);
}
