namespace Orleans.Runtime;

// Its timers, and how long it is kept while nobody calls.
sealed partial class Activation
{
    public void DelayDeactivation(TimeSpan time)
    {
        lock (_gate)
        {
            _keepUntil = time <= TimeSpan.Zero ? long.MinValue
                : time == TimeSpan.MaxValue ? long.MaxValue
                : Silo.Time.GetTimestamp() + (long)(time.TotalSeconds * Silo.Time.TimestampFrequency);
        }
    }

    /// <summary>True when no call ran or waited for this long.</summary>
    public bool IsIdleFor(TimeSpan age)
    {
        lock (_gate)
        {
            var now = Silo.Time.GetTimestamp();
            return _state == ActivationState.Valid && _running.Count == 0 && _waiting.Count == 0 && now >= _keepUntil
                && Silo.Time.GetElapsedTime(_lastUse, now) >= age;
        }
    }

    public void AddTimer(GrainTimer timer)
    {
        lock (_gate)
        {
            _timers.Add(timer);
        }
    }

    public void RemoveTimer(GrainTimer timer)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
        }
    }

    void StopTimers()
    {
        GrainTimer[] timers;
        lock (_gate)
        {
            timers = [.. _timers];
            _timers.Clear();
        }

        foreach (var timer in timers)
        {
            timer.Dispose();
        }
    }
}
