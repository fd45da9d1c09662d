using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Pulls;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Pull;

/// <summary>The pulls that this node was given. Sources of the configuration are handed to their grains, which choose the node, this one or another.</summary>
public sealed partial class PullHost(
    IGrainFactory grains, Publisher publisher, NodeIdentity node, NodeDirectory nodes, NodeDrain drain, FramePool frames, IOptions<PullOptions> options,
    PullMetrics metrics, TimeProvider time, ILogger<PullHost> log) : BackgroundService, IDrainedWork
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    readonly ConcurrentDictionary<string, PullRun> _runs = new(StringComparer.Ordinal);
    readonly SemaphoreSlim _gate = new(1);

    /// <summary>Pulls that this node has.</summary>
    public int Count => _runs.Count;

    /// <summary>Does what the pull's grain decided. An older decision than the one that is followed changes nothing.</summary>
    public async Task Assign(PullAssignment pull)
    {
        await _gate.WaitAsync();
        try
        {
            if (_runs.TryGetValue(pull.Name, out var run))
            {
                if (run.Pull.Epoch > pull.Epoch || (run.Pull.Epoch == pull.Epoch && pull.Source is not null && !run.IsOver))
                {
                    return;
                }

                _runs.TryRemove(pull.Name, out _);
                await run.DisposeAsync();
            }

            if (pull.Source is null || drain.IsDraining)
            {
                return;
            }

            if (_runs.Count >= options.Value.MaxPulls)
            {
                LogTooMany(pull.Name, options.Value.MaxPulls);
                return;
            }

            run = new PullRun(
                pull, node.Name, grains, () => new PullConnection(pull, publisher, frames, options.Value, metrics, time), options.Value, metrics, time, log);
            _runs[pull.Name] = run;
            run.Start();
            LogGiven(pull.Name, pull.Epoch, pull.Slot);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task<WorkLeft> HandOver(CancellationToken cancellation)
    {
        await Sweep();
        return NodeDirectory.LeastBusy(await nodes.List(), "ingest", node.Name) is null ? new WorkLeft(0, _runs.Count) : new WorkLeft(_runs.Count, 0);
    }

    public async Task End()
    {
        await _gate.WaitAsync();
        await Task.WhenAll(_runs.Values.Select(run => run.DisposeAsync().AsTask()));
        _runs.Clear();
        _gate.Release();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var unsaid = new Queue<KeyValuePair<string, string>>(options.Value.Sources);
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await Say(unsaid);
                await Sweep();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }

        await End();
    }

    // Until the cluster has heard of every configured source; and that its list of pulls is alive.
    async Task Say(Queue<KeyValuePair<string, string>> unsaid)
    {
        try
        {
            while (unsaid.TryPeek(out var source))
            {
                await grains.GetGrain<IPullGrain>(source.Key).Start(new PullSource { Url = source.Value, Configured = true }).WaitAsync(Interval, time);
                unsaid.Dequeue();
            }

            await grains.GetGrain<IPullCatalogGrain>(0).Wake().WaitAsync(Interval, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUnanswered(exception.Message);
        }
    }

    async Task Sweep()
    {
        await _gate.WaitAsync();
        foreach (var (name, run) in _runs)
        {
            if (run.IsOver && _runs.TryRemove(name, out _))
            {
                await run.DisposeAsync();
            }
        }

        _gate.Release();
    }

    [LoggerMessage(LogLevel.Information, "Pull {Name} was given to this node, epoch {Epoch}, slot {Slot}")]
    partial void LogGiven(string name, long epoch, int slot);

    [LoggerMessage(LogLevel.Warning, "Pull {Name} is not begun: this node pulls {Most} sources already (Pull:MaxPulls)")]
    partial void LogTooMany(string name, int most);

    [LoggerMessage(LogLevel.Warning, "The grains of pulls do not answer: {Why}")]
    partial void LogUnanswered(string why);
}
