using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// How an activation ends, or moves.
sealed partial class Activation
{
    bool _endRequested;
    bool _endTimerSet;

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

    [LoggerMessage(LogLevel.Warning, "Deactivation of {GrainId} failed")]
    static partial void LogDeactivationFailed(ILogger log, Exception exception, GrainId grainId);
}
