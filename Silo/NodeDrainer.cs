using Tributary.Grains.ServerNodes;

namespace Tributary.Silo;

/// <summary>
/// Empties this node: no new work from the first moment, then streams, pulls and viewers are handed over until nothing is left or the deadline is over.
/// Before the process ends, what nobody else can take over is not waited for; by command, it stays until the deadline and is ended then.
/// </summary>
sealed partial class NodeDrainer(
    NodeDrain drain, IEnumerable<IDrainedWork> work, ServerOptions options, NodeIdentity node, TimeProvider time, ILogger<NodeDrainer> log)
    : IDisposable
{
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    readonly Lock _gate = new();
    CancellationTokenSource _undone = new();
    Task _draining = Task.CompletedTask;
    volatile bool _stopping;
    volatile bool _done;

    /// <summary>Whether all that can be handed over is.</summary>
    public bool IsDone => _done;

    /// <summary>Called when <see cref="IsDone"/> became true.</summary>
    public event Action? Finished;

    /// <summary>Called when the process begins to end.</summary>
    public event Action? Leaving;

    /// <summary>Begins, or goes on; the task ends when the node is empty, or as empty as it will be.</summary>
    public Task Begin(bool stopping)
    {
        lock (_gate)
        {
            if (stopping && !_stopping)
            {
                _stopping = true;
                Leaving?.Invoke();
            }

            if (drain.Set(true))
            {
                _undone = new CancellationTokenSource();
                _done = false;
                _draining = Task.Run(() => Run(_undone.Token));
            }

            return _draining;
        }
    }

    /// <summary>Takes work again. What was handed over does not come back by itself; a process that is ending ends.</summary>
    public void Undo()
    {
        lock (_gate)
        {
            if (!_stopping && drain.Set(false))
            {
                _undone.Cancel();
                _done = false;
                LogUndone(node.Name);
            }
        }
    }

    public void Dispose() => _undone.Dispose();

    async Task Run(CancellationToken undone)
    {
        var started = time.GetTimestamp();
        LogBegun(node.Name, options.Node.DrainDeadline.TotalSeconds);
        try
        {
            var left = await Count(undone);
            while ((left.Moving > 0 || (left.Staying > 0 && !_stopping)) && time.GetElapsedTime(started) < options.Node.DrainDeadline)
            {
                await Task.Delay(Pace, time, undone);
                left = await Count(undone);
            }

            if (!_stopping)
            {
                await Task.WhenAll(work.Select(one => one.End()));
            }

            _done = true;
            Finished?.Invoke();
            LogDone(node.Name, time.GetElapsedTime(started).TotalSeconds, left.Moving + left.Staying);
        }
        catch (OperationCanceledException)
        {
            // Undone.
        }
    }

    async Task<WorkLeft> Count(CancellationToken undone)
    {
        var counts = await Task.WhenAll(work.Select(one => one.HandOver(undone)));
        return counts.Aggregate(default(WorkLeft), (sum, one) => sum + one);
    }

    [LoggerMessage(LogLevel.Information, "Node {Node} drains: it takes no new work, and has {Seconds} s to hand over what it has")]
    partial void LogBegun(string node, double seconds);

    [LoggerMessage(LogLevel.Information, "Node {Node} has drained in {Seconds:0.0} s; {Left} were left")]
    partial void LogDone(string node, double seconds, int left);

    [LoggerMessage(LogLevel.Information, "Node {Node} takes work again")]
    partial void LogUndone(string node);
}
