namespace Orleans.Runtime;

/// <summary>Looks every collection quantum for activations that were idle for their class's age, and ends them.</summary>
sealed class IdleCollector(Silo silo) : IDisposable
{
    ITimer? _timer;

    public void Start()
    {
        var quantum = silo.Collection.CollectionQuantum;
        _timer = silo.Time.CreateTimer(static c => ((IdleCollector)c!).Collect(), this, quantum, quantum);
    }

    public void Dispose() => _timer?.Dispose();

    void Collect() => Collect(silo, null);

    /// <summary>Ends what was idle for an age; null for the age of each class.</summary>
    public static List<Task> Collect(Silo silo, TimeSpan? age)
    {
        var ended = new List<Task>();
        foreach (var activation in silo.Catalog.All)
        {
            var limit = age ?? activation.Class.CollectionAge;
            if (limit != Timeout.InfiniteTimeSpan && (age is null || activation.Class.CollectionAge != Timeout.InfiniteTimeSpan) && activation.IsIdleFor(limit))
            {
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "The activation has become idle."));
                ended.Add(activation.Deactivated);
            }
        }

        return ended;
    }
}
