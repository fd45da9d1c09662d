using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// How an activation begins.
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

    [LoggerMessage(LogLevel.Warning, "Activation of {GrainId} failed")]
    static partial void LogActivationFailed(ILogger log, Exception exception, GrainId grainId);

    [LoggerMessage(LogLevel.Debug, "An activation of {GrainId} gives way: {Why}")]
    static partial void LogDuplicate(ILogger log, GrainId grainId, string why);
}
