using Microsoft.Extensions.Logging;

namespace Tributary.Grains.LiveStreams;

// Who was not heard for too long: looked for once a second, with all else that time brings.
public sealed partial class LiveStreamGrain
{
    // A silent encoder, or one whose host does not answer, gives way; one that still sends does not.
    async Task<bool> GivesWay(PublishSlot held)
    {
        if (held.Publisher is null)
        {
            return held.Unheard >= options.Value.TakeoverAfterSilence;
        }

        return await SilenceOf(held) is not { } silence || silence >= options.Value.TakeoverAfterSilence;
    }

    // Null: its host does not answer.
    async Task<TimeSpan?> SilenceOf(PublishSlot slot)
    {
        try
        {
            return await slot.Publisher!.Silence().WaitAsync(options.Value.SettleTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogHostSilent(Name, slot.Request.Node, exception.Message);
            return null;
        }
    }

    // Where the hosts of the others do not answer either, it is this silo that is cut off: what goes on without it goes on.
    async Task<bool> IsCutOff(PublishSlot from)
    {
        var others = _slots.Where(slot => slot?.Publisher is not null && slot.Request.Node != from.Request.Node).ToArray();
        var silences = await Task.WhenAll(others.Select(slot => SilenceOf(slot!)));
        return silences.Length > 0 && silences.All(silence => silence is null);
    }

    async Task CheckSources()
    {
        var now = time.GetUtcNow();
        _gateways.Expire();
        if (_catalogBehind && _listing.IsCompleted)
        {
            await List();
        }

        if (OnAir is { } source && source.Unheard > options.Value.DoubtAfter && Candidate() is not null)
        {
            await Doubt(source.Request.Node);
        }

        foreach (var slot in _slots)
        {
            if (slot is not null && slot.Unheard > options.Value.ReportTimeout && await GivesWay(slot) && !await IsCutOff(from: slot) && _slots.Contains(slot))
            {
                await EndSlot(slot, PublishEnd.Silent, SwitchReason.HostLost);
            }
        }

        _ladder.Expire(options.Value.ReportTimeout);
        await HoldUnlessOnAir();
        await CompleteChange();
        await CheckOrders(now);
        _ = CheckRecording();   // nobody waits for it: its grain may be asking this one
        if (_unwritten && OnAir is null)
        {
            await Store();   // that nobody is on air: no report comes to write it with
            await Announce();
        }

        if (state.State.State == StreamState.Held && now - state.State.Since >= options.Value.Hold)
        {
            Enter(StreamState.OffAir, now);
            state.State.TargetDuration = 0;
            state.State.Renditions = [];
            _ladder.Clear();
            await Store();
            LogOffAir(Name);
            await Announce();
        }
        else if (state.State.State == StreamState.OffAir && _gateways.Names.Length == 0 && Array.TrueForAll(_slots, slot => slot is null))
        {
            DeactivateOnIdle();
        }
    }

    [LoggerMessage(LogLevel.Information, "Stream {Stream} went off air: nobody published again in time")]
    partial void LogOffAir(string stream);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: node {Node} does not answer for its publisher ({Why})")]
    partial void LogHostSilent(string stream, string node, string why);
}
