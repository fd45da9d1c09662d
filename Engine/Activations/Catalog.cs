using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>The activations of one silo.</summary>
sealed class Catalog(Silo silo)
{
    readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    readonly ConcurrentDictionary<GrainId, WorkerPool> _workers = new();
    readonly ConcurrentDictionary<GrainType, GrainClass?> _classes = new();
    readonly Lock _gate = new();

    public IEnumerable<Activation> All => _activations.Values.Concat(_workers.Values.SelectMany(w => w.All));

    public int Count => _activations.Count + _workers.Values.Sum(w => w.Count);

    public Activation? Find(GrainId grainId) => _activations.GetValueOrDefault(grainId);

    public GrainClass? ClassOf(GrainType grainType) => _classes.TryGetValue(grainType, out var known) ? known : _classes.GetOrAdd(grainType, silo.MakeClass);

    /// <summary>The activation of the grain here; it is begun when there is none.</summary>
    public Activation GetOrBegin(GrainId grainId, GrainClass grainClass, MigrationContext? rehydration = null, GrainAddress? previous = null)
    {
        if (_activations.TryGetValue(grainId, out var known))
        {
            return known;
        }

        Activation begun;
        lock (_gate)
        {
            if (_activations.TryGetValue(grainId, out known))
            {
                return known;
            }

            begun = new Activation(silo, grainClass, grainId, rehydration, previous);
            _activations[grainId] = begun;
        }

        begun.Activate(null);
        return begun;
    }

    public WorkerPool Workers(GrainId grainId, GrainClass grainClass, StatelessWorkerPlacement placement) =>
        _workers.GetOrAdd(grainId, static (id, a) => new WorkerPool(a.silo, a.grainClass, id, a.placement.MaxLocal), (silo, grainClass, placement));

    public bool TryGetWorkers(GrainId grainId, out WorkerPool workers) => _workers.TryGetValue(grainId, out workers!);

    public void Remove(Activation activation)
    {
        _activations.TryRemove(KeyValuePair.Create(activation.GrainId, activation));
        if (_workers.TryGetValue(activation.GrainId, out var pool))
        {
            pool.Remove(activation);
        }
    }
}

/// <summary>The activations of one stateless worker grain here: a call goes to one that is idle, else to a new one while there may be more, else to the least loaded.</summary>
sealed class WorkerPool(Silo silo, GrainClass grainClass, GrainId grainId, int limit)
{
    readonly List<Activation> _workers = [];

    public int Count
    {
        get
        {
            lock (_workers)
            {
                return _workers.Count;
            }
        }
    }

    public Activation[] All
    {
        get
        {
            lock (_workers)
            {
                return [.. _workers];
            }
        }
    }

    public void Enqueue(Message message)
    {
        Activation? begun = null;
        Activation chosen;
        lock (_workers)
        {
            var least = _workers.Where(w => w.State <= ActivationState.Valid).MinBy(w => w.Load);
            if (least is null || (least.Load > 0 && _workers.Count < limit))
            {
                begun = new Activation(silo, grainClass, grainId);
                _workers.Add(begun);
            }

            chosen = begun ?? least!;
        }

        begun?.Activate(null);
        chosen.Enqueue(message);
    }

    public void Cancel(Message cancel)
    {
        foreach (var worker in All)
        {
            if (worker.Cancel(cancel))
            {
                return;
            }
        }
    }

    public void Remove(Activation activation)
    {
        lock (_workers)
        {
            _workers.Remove(activation);
        }
    }
}
