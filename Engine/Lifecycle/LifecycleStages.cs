using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// Starts stages in rising order, those of one stage together; when one fails to start, the error is thrown. Stops, in falling order, the stages that were started,
/// also the one that failed.
/// </summary>
abstract partial class LifecycleStages(ILogger log) : ILifecycleObservable
{
    readonly List<Subscription> _subscriptions = [];
    int? _highest;

    public int HighestCompletedStage { get; private set; } = int.MinValue;

    public int LowestStoppedStage { get; private set; } = int.MaxValue;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        lock (_subscriptions)
        {
            if (_highest is not null)
            {
                throw new InvalidOperationException("Lifecycle has already been started.");
            }

            var subscription = new Subscription(this, observerName, stage, observer);
            _subscriptions.Add(subscription);
            return subscription;
        }
    }

    public async Task OnStart(CancellationToken cancellationToken)
    {
        IGrouping<int, Subscription>[] stages;
        lock (_subscriptions)
        {
            _highest = int.MinValue;
            stages = [.. _subscriptions.GroupBy(s => s.Stage).OrderBy(g => g.Key)];
        }

        foreach (var stage in stages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _highest = stage.Key;
            await Task.WhenAll(stage.Select(s => s.Observer.OnStart(cancellationToken)));
            HighestCompletedStage = stage.Key;
        }
    }

    public async Task OnStop(CancellationToken cancellationToken)
    {
        IGrouping<int, Subscription>[] stages;
        lock (_subscriptions)
        {
            var highest = _highest ?? int.MinValue;
            stages = [.. _subscriptions.Where(s => s.Stage <= highest).GroupBy(s => s.Stage).OrderByDescending(g => g.Key)];
        }

        foreach (var stage in stages)
        {
            try
            {
                await Task.WhenAll(stage.Select(s => s.Observer.OnStop(cancellationToken)));
            }
            catch (Exception exception)
            {
                LogStopFailed(log, exception, stage.Key);
            }

            LowestStoppedStage = stage.Key;
        }
    }

    sealed class Subscription(LifecycleStages owner, string name, int stage, ILifecycleObserver observer) : IDisposable
    {
        public string Name => name;

        public int Stage => stage;

        public ILifecycleObserver Observer => observer;

        public void Dispose()
        {
            lock (owner._subscriptions)
            {
                owner._subscriptions.Remove(this);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Stopping stage {Stage} failed")]
    static partial void LogStopFailed(ILogger log, Exception exception, int stage);
}

sealed class SiloLifecycle(ILogger<SiloLifecycle> log) : LifecycleStages(log), ISiloLifecycle;

sealed class ClientLifecycle(ILogger<ClientLifecycle> log) : LifecycleStages(log), IClusterClientLifecycle;
