using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>The stages of one activation: state at <see cref="GrainLifecycleStage.SetupState"/>, OnActivateAsync at <see cref="GrainLifecycleStage.Activate"/>.</summary>
sealed class GrainLifecycle(ILogger log) : LifecycleStages(log), IGrainLifecycle
{
    readonly List<IGrainMigrationParticipant> _participants = [];
    DeactivationReason _reason;

    public void AddMigrationParticipant(IGrainMigrationParticipant participant) => _participants.Add(participant);

    public void RemoveMigrationParticipant(IGrainMigrationParticipant participant) => _participants.Remove(participant);

    public Task Start(IGrainBase? grain, CancellationToken token)
    {
        if (grain is not null)
        {
            this.Subscribe(grain.GetType().Name, GrainLifecycleStage.Activate, grain.OnActivateAsync, t => grain.OnDeactivateAsync(_reason, t));
        }

        return OnStart(token);
    }

    public Task Stop(IGrainBase? grain, DeactivationReason reason, CancellationToken token)
    {
        _reason = reason;
        return OnStop(token);
    }

    public void Dehydrate(IDehydrationContext context)
    {
        foreach (var participant in _participants)
        {
            participant.OnDehydrate(context);
        }
    }

    public void Rehydrate(IRehydrationContext context)
    {
        foreach (var participant in _participants)
        {
            participant.OnRehydrate(context);
        }
    }
}
