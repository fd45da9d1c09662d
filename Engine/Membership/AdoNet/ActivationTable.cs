using System.Collections.Concurrent;
using System.Data.Common;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// The directory of a cluster of processes: a row per activation in PostgreSQL, with an epoch that grows with every new holder. A row can be taken when there is
/// none, when its silo is dead or gone from the membership table, by the next life on the same silo, and by the activation that the old one moved to: one statement decides.
/// What was found is kept here until an answer comes from elsewhere, or the silo dies.
/// </summary>
sealed partial class ActivationTable(OrleansDatabase database, string clusterId, ILogger log) : IActivationDirectory
{
    const int MostCached = 200_000;

    const string RegisterText = """
        INSERT INTO TributaryActivations AS held (ClusterId, GrainId, Activation, Address, Port, Generation, Epoch)
        SELECT @ClusterId, @GrainId, @Activation, @Address, @Port, @Generation, nextval('TributaryActivationEpoch')
        WHERE EXISTS (
            SELECT 1 FROM OrleansMembershipTable AS me
            WHERE me.DeploymentId = @ClusterId AND me.Address = @Address AND me.Port = @Port AND me.Generation = @Generation AND me.Status BETWEEN 2 AND 5)
        ON CONFLICT (ClusterId, GrainId) DO UPDATE
        SET Activation = excluded.Activation, Address = excluded.Address, Port = excluded.Port, Generation = excluded.Generation, Epoch = excluded.Epoch
        WHERE held.Activation = @Previous
            OR (held.Address = @Address AND held.Port = @Port AND held.Generation = @Generation)
            OR NOT EXISTS (
                SELECT 1 FROM OrleansMembershipTable AS holder
                WHERE holder.DeploymentId = @ClusterId AND holder.Address = held.Address AND holder.Port = held.Port AND holder.Generation = held.Generation
                    AND holder.Status <> 6)
        RETURNING Epoch
        """;

    const string LookupText = "SELECT Activation, Address, Port, Generation FROM TributaryActivations WHERE ClusterId = @ClusterId AND GrainId = @GrainId";

    const string UnregisterText =
        "DELETE FROM TributaryActivations WHERE ClusterId = @ClusterId AND GrainId = @GrainId AND Activation = @Activation RETURNING 1";

    const string ForgetText =
        "DELETE FROM TributaryActivations WHERE ClusterId = @ClusterId AND Address = @Address AND Port = @Port AND Generation = @Generation RETURNING 1";

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
            var found = await Select(grainId);
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
            var taken = await database.Run(RegisterText, static r => r.GetInt64(0), CancellationToken.None,
                [.. Key(address.SiloAddress!), ("GrainId", address.GrainId.ToString()), ("Activation", address.ActivationId.ToString()), ("Previous", previous?.ActivationId.ToString() ?? "")]);
            if (taken.Count > 0)
            {
                return Keep(address);
            }

            if (await Select(address.GrainId) is { } holder)
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
            await database.Run(UnregisterText, static _ => 0, CancellationToken.None,
                ("ClusterId", clusterId), ("GrainId", address.GrainId.ToString()), ("Activation", address.ActivationId.ToString()));
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
    public Task RemoveRows(SiloAddress silo) => database.Run(ForgetText, static _ => 0, CancellationToken.None, Key(silo));

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

    async Task<GrainAddress?> Select(GrainId grainId) => (await database.Run(LookupText, reader => new GrainAddress
    {
        GrainId = grainId,
        ActivationId = ActivationId.FromParsableString(reader.GetString(0)),
        SiloAddress = SiloAddress.New(IPAddress.Parse(reader.GetString(1)), reader.GetInt32(2), reader.GetInt32(3))
    }, CancellationToken.None, ("ClusterId", clusterId), ("GrainId", grainId.ToString()))).FirstOrDefault();

    (string, object?)[] Key(SiloAddress silo) =>
        [("ClusterId", clusterId), ("Address", silo.Endpoint.Address.ToString()), ("Port", silo.Endpoint.Port), ("Generation", silo.Generation)];

    [LoggerMessage(LogLevel.Warning, "The directory entry of {GrainId} could not be removed: {Reason}")]
    static partial void LogNotUnregistered(ILogger log, GrainId grainId, string reason);
}
