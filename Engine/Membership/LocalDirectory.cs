using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>Knows the one activation of every grain. An entry is taken by whoever registers first, and changed only by who names the entry it replaces.</summary>
interface IActivationDirectory
{
    /// <summary>An answer that is at hand without waiting.</summary>
    bool TryFind(GrainId grainId, out GrainAddress address);

    ValueTask<GrainAddress?> Lookup(GrainId grainId);

    /// <summary>
    /// Where a grain without an activation is to begin: the given silo, or the one that was chosen or registered before. All who call it meanwhile are sent there.
    /// </summary>
    ValueTask<SiloAddress> Reserve(GrainId grainId, SiloAddress silo);

    /// <summary>The address that is registered afterwards: the given one, or that of the activation that was before.</summary>
    ValueTask<GrainAddress> Register(GrainAddress address, GrainAddress? previous);

    ValueTask Unregister(GrainAddress address);
}

/// <summary>The directory of a cluster in one process: a dictionary.</summary>
sealed class LocalDirectory : IActivationDirectory
{
    readonly ConcurrentDictionary<GrainId, GrainAddress> _entries = new();
    readonly ConcurrentDictionary<SiloAddress, bool> _dead = new();

    public bool TryFind(GrainId grainId, out GrainAddress address) => _entries.TryGetValue(grainId, out address!);

    public ValueTask<GrainAddress?> Lookup(GrainId grainId) => new(_entries.GetValueOrDefault(grainId));

    // A reservation is an entry without an activation.
    public ValueTask<SiloAddress> Reserve(GrainId grainId, SiloAddress silo) =>
        new(_dead.ContainsKey(silo) ? silo : _entries.GetOrAdd(grainId, static (id, s) => new GrainAddress { GrainId = id, SiloAddress = s }, silo).SiloAddress!);

    public ValueTask<GrainAddress> Register(GrainAddress address, GrainAddress? previous)
    {
        if (_dead.ContainsKey(address.SiloAddress!))
        {
            throw new SiloUnavailableException($"{address.SiloAddress} was declared dead and registers no activation any more.");
        }

        var winner = _entries.AddOrUpdate(
            address.GrainId, address, (_, known) => known.ActivationId.IsDefault || known.ActivationId == previous?.ActivationId ? address : known);
        if (_dead.ContainsKey(address.SiloAddress!))
        {
            Remove(address);
            throw new SiloUnavailableException($"{address.SiloAddress} was declared dead.");
        }

        return new ValueTask<GrainAddress>(winner);
    }

    public ValueTask Unregister(GrainAddress address)
    {
        Remove(address);
        return default;
    }

    public void RemoveSilo(SiloAddress silo)
    {
        _dead[silo] = true;
        foreach (var (_, address) in _entries)
        {
            if (silo.Equals(address.SiloAddress))
            {
                Remove(address);
            }
        }
    }

    void Remove(GrainAddress address)
    {
        if (_entries.TryGetValue(address.GrainId, out var known) && known.ActivationId == address.ActivationId)
        {
            _entries.TryRemove(KeyValuePair.Create(address.GrainId, known));
        }
    }
}
