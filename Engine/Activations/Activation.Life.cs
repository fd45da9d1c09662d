using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// How an activation begins and ends.
sealed partial class Activation
{
    /// <summary>Begins the life: register, make the object, rehydrate, read the state, OnActivateAsync; then the calls that wait are started.</summary>
    public void Activate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) =>
        _scheduler.Start(static a => _ = ((Activation)a!).ActivateCore(), this);

    public void Rehydrate(IRehydrationContext context)
    {
        (GrainInstance as IGrainMigrationParticipant)?.OnRehydrate(context);
        Lifecycle.Rehydrate(context);
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_state is ActivationState.Deactivating or ActivationState.Gone)
            {
                return;
            }

            // While it is activating the end waits for that.
            _reason = deactivationReason;
            if (_state == ActivationState.Valid)
            {
                _state = ActivationState.Deactivating;
                EndIfIdle();
            }
            else
            {
                _endRequested = true;
            }
        }
    }

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default)
    {
        if (!Class.Placement.IsUsingGrainDirectory)
        {
            return;
        }

        _ = Choose();

        async Task Choose()
        {
            var target = await Silo.Placement.ChooseElsewhere(this, requestContext);
            if (target is null || target.Equals(Silo.Address))
            {
                return;
            }

            _migrationTarget = target;
            Deactivate(new DeactivationReason(DeactivationReasonCode.Migrating, "Migrating to a new location."), cancellationToken);
        }
    }

    /// <summary>The silo goes away: what this grain wants to carry over goes to <paramref name="target"/>.</summary>
    public void Leave(DeactivationReason reason, SiloAddress? target)
    {
        if (target is not null && GrainInstance is IGrainMigrationParticipant && Class.Placement.IsUsingGrainDirectory)
        {
            _migrationTarget ??= target;
        }

        Deactivate(reason);
    }

    /// <summary>The silo was killed: nothing is tidied up, what runs is no longer heard.</summary>
    public void Abort()
    {
        StopTimers();
        TakeWaiting();
        _deactivated.TrySetResult();
    }

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

    bool _endRequested;

    async Task ActivateCore()
    {
        var registered = false;
        try
        {
            if (Class.Placement.IsUsingGrainDirectory)
            {
                var winner = await Silo.Directory.Register(Address, _previousAddress);
                if (!winner.Equals(Address))
                {
                    Die($"another activation is registered: {winner}");
                    return;
                }
            }

            registered = true;
            using var limit = new CancellationTokenSource(Silo.Collection.ActivationTimeout, Silo.Time);
            _scope = Silo.Services.CreateAsyncScope();
            GrainInstance = Class.Create(this);
            if (_rehydration is { } context)
            {
                Rehydrate(context);
                _rehydration = null;
            }

            if (GrainInstance is ILifecycleParticipant<IGrainLifecycle> participant)
            {
                participant.Participate(Lifecycle);
            }

            await Lifecycle.Start(GrainInstance as IGrainBase, limit.Token);
            EngineMetrics.ActivationStarted();
            lock (_gate)
            {
                _lastUse = Silo.Time.GetTimestamp();
                _state = _endRequested ? ActivationState.Deactivating : ActivationState.Valid;
                Pump();
            }
        }
        catch (Exception exception)
        {
            LogActivationFailed(Silo.Log, exception, GrainId);
            await FailActivation(exception, registered);
        }
    }

    // The calls that waited for a life that failed get its error; the next call tries again.
    async Task FailActivation(Exception exception, bool registered)
    {
        Silo.Catalog.Remove(this);
        var waiting = TakeWaiting();
        if (registered && Class.Placement.IsUsingGrainDirectory)
        {
            await Silo.Directory.Unregister(Address);
        }

        StopTimers();
        foreach (var message in waiting.OfType<Message>())
        {
            Silo.Respond(message, null, exception);
        }

        await DisposeInstance();
        _deactivated.TrySetResult();
    }

    // This life never was: whoever called is sent to the one that is.
    void Die(string why)
    {
        LogDuplicate(Silo.Log, GrainId, why);
        Silo.Catalog.Remove(this);
        foreach (var turn in TakeWaiting())
        {
            turn.Abandon(this);
        }

        _deactivated.TrySetResult();
    }

    // The activation is out of the catalog before it is gone: what is sent on does not come back to it.
    Turn[] TakeWaiting()
    {
        lock (_gate)
        {
            _state = ActivationState.Gone;
            Turn[] waiting = [.. _waiting];
            _waiting.Clear();
            _waitingThatMayInterleave = 0;
            return waiting;
        }
    }

    // Held: _gate.
    void EndIfIdle()
    {
        if (_running.Count == 0)
        {
            BeginEnd();
            return;
        }

        // A turn that never ends must not keep the grain from living elsewhere.
        if (!_ending && !_endTimerSet)
        {
            _endTimerSet = true;
            Silo.After(Silo.Collection.DeactivationTimeout, () =>
            {
                lock (_gate)
                {
                    BeginEnd();
                }
            });
        }
    }

    bool _endTimerSet;

    // Held: _gate.
    void BeginEnd()
    {
        if (!_ending)
        {
            _ending = true;
            _scheduler.Start(static a => _ = ((Activation)a!).End(), this);
        }
    }

    async Task End()
    {
        StopTimers();
        using var limit = new CancellationTokenSource(Silo.Collection.DeactivationTimeout, Silo.Time);
        try
        {
            var ending = Lifecycle.Stop(GrainInstance as IGrainBase, _reason, limit.Token);
            await ending.WaitAsync(limit.Token);
        }
        catch (Exception exception)
        {
            LogDeactivationFailed(Silo.Log, exception, GrainId);
        }

        var moved = await TryMove();
        if (!moved && Class.Placement.IsUsingGrainDirectory)
        {
            await Silo.Directory.Unregister(Address);
        }

        Silo.Catalog.Remove(this);
        foreach (var turn in TakeWaiting())
        {
            turn.Abandon(this);
        }

        await DisposeInstance();
        EngineMetrics.ActivationEnded();
        _deactivated.TrySetResult();
    }

    async ValueTask<bool> TryMove()
    {
        if (_migrationTarget is not { } target || !Silo.Oracle.IsActive(target))
        {
            return false;
        }

        try
        {
            var context = new MigrationContext();
            (GrainInstance as IGrainMigrationParticipant)?.OnDehydrate(context);
            Lifecycle.Dehydrate(context);
            await Silo.SendMigration(target, this, context);
            return true;
        }
        catch (Exception exception)
        {
            LogDeactivationFailed(Silo.Log, exception, GrainId);
            return false;
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

    async ValueTask DisposeInstance()
    {
        try
        {
            switch (GrainInstance)
            {
                case IAsyncDisposable asynchronous:
                    await asynchronous.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }

            if (_scope.ServiceProvider is not null)
            {
                await _scope.DisposeAsync();
            }
        }
        catch (Exception exception)
        {
            LogDeactivationFailed(Silo.Log, exception, GrainId);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Activation of {GrainId} failed")]
    static partial void LogActivationFailed(ILogger log, Exception exception, GrainId grainId);

    [LoggerMessage(LogLevel.Warning, "Deactivation of {GrainId} failed")]
    static partial void LogDeactivationFailed(ILogger log, Exception exception, GrainId grainId);

    [LoggerMessage(LogLevel.Debug, "An activation of {GrainId} gives way: {Why}")]
    static partial void LogDuplicate(ILogger log, GrainId grainId, string why);
}
