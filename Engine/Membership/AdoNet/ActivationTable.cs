using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// The directory of a cluster of processes: a row per activation that all silos share. What was found is kept here until an answer comes from elsewhere, or the silo dies.
/// </summary>
sealed partial class ActivationTable(IActivationRows rows, ILogger log) : IActivationDirectory
{
    const int MostCached = 200_000;

    readonly ConcurrentDictionary<GrainId, GrainAddress> _cache = new();

    /// <summary>False for a silo that is dead, or that nobody has heard of.</summary>
    public Func<SiloAddress, ValueTask<bool>> IsAlive { get; set; } = static _ => new(true);

    /// <summary>True for a silo that was declared dead.</summary>
    public Func<SiloAddress, bool> IsDead { get; set; } = static _ => false;

    /// <summary>Asks the other silos which of them has the grain; for the time in which the table cannot be read.</summary>
    public Func<GrainId, Task<SiloAddress?>> AskAround { get; set; } = static _ => Task.FromResult<SiloAddress?>(null);

    public bool TryFind(GrainId grainId, out GrainAddress address) => _cache.TryGetValue(grainId, out address!) && !IsDead(address.SiloAddress!);

    public async ValueTask<GrainAddress?> Lookup(GrainId grainId)
    {
        if (TryFind(grainId, out var cached) && cached.IsComplete)
        {
            return cached;
        }

        try
        {
            var found = await rows.Find(grainId);
            return found is not null && await IsAlive(found.SiloAddress!) ? Keep(found) : null;
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            // What runs goes on running: only a grain that is nowhere cannot be called now.
            return await AskAround(grainId) is { } silo ? Keep(new GrainAddress { GrainId = grainId, SiloAddress = silo })
                : throw new SiloUnavailableException($"{grainId} lives on no silo that answers, and the directory cannot be read to begin it: {exception.Message}", exception);
        }
    }

    // Nothing is written before there is an activation: of two that begin at once, the registration of one fails, and its calls go to the other.
    public ValueTask<SiloAddress> Reserve(GrainId grainId, SiloAddress silo) => new(silo);

    public async ValueTask<GrainAddress> Register(GrainAddress address, GrainAddress? previous)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (await rows.TryTake(address, previous))
            {
                return Keep(address);
            }

            if (await rows.Find(address.GrainId) is { } holder)
            {
                return Keep(holder);
            }
        }

        throw new SiloUnavailableException($"{address.SiloAddress} is no member of the cluster and registers no activation.");
    }

    public async ValueTask Unregister(GrainAddress address)
    {
        Drop(address);
        try
        {
            await rows.Remove(address);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            // The row stays and leads here: the next life on this silo takes it over.
            LogNotUnregistered(log, address.GrainId, exception.Message);
        }
    }

    /// <summary>Forgets what is noted of a silo that died.</summary>
    public void SiloDied(SiloAddress silo)
    {
        foreach (var (_, address) in _cache)
        {
            if (silo.Equals(address.SiloAddress))
            {
                Drop(address);
            }
        }
    }

    /// <summary>Removes the rows of a silo that died: they bind nobody any more.</summary>
    public Task RemoveRows(SiloAddress silo) => rows.RemoveAllOf(silo);

    /// <summary>A grain answered from that silo, or a silo for a grain that does not live there: a note that says otherwise is old.</summary>
    public void Answered(GrainId grainId, SiloAddress silo, bool livesThere)
    {
        if (grainId.Type == SystemNames.Client || silo.IsClient)
        {
            return;
        }

        var isKnown = _cache.TryGetValue(grainId, out var known);
        var says = isKnown && silo.Equals(known!.SiloAddress);
        if (isKnown && says != livesThere)
        {
            Drop(known!);
        }

        if (livesThere && !says && !IsDead(silo))
        {
            Keep(new GrainAddress { GrainId = grainId, SiloAddress = silo });
        }
    }

    GrainAddress Keep(GrainAddress address)
    {
        if (_cache.Count >= MostCached)
        {
            _cache.Clear();
        }

        return _cache[address.GrainId] = address;
    }

    void Drop(GrainAddress address)
    {
        if (_cache.TryGetValue(address.GrainId, out var known) && known.ActivationId == address.ActivationId)
        {
            _cache.TryRemove(KeyValuePair.Create(address.GrainId, known));
        }
    }

    [LoggerMessage(LogLevel.Warning, "The directory entry of {GrainId} could not be removed: {Reason}")]
    static partial void LogNotUnregistered(ILogger log, GrainId grainId, string reason);
}
