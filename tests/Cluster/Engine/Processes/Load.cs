using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>Callers that go on while a cluster is broken: some grains are read only, others write their state with each call.</summary>
sealed class Load : IAsyncDisposable
{
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    readonly CancellationTokenSource _stop = new();
    readonly List<Task> _callers = [];
    readonly ConcurrentQueue<(bool IsWrite, string Failure)> _failures = new();
    readonly ConcurrentDictionary<string, int> _acknowledged = new();
    int _reads;
    int _writes;
    long _longest;

    public Load(ProcessTestCluster cluster, int readers = 6, int writers = 6)
    {
        for (var i = 0; i < readers; i++)
        {
            var counter = cluster.Counter($"read-{i}");
            _callers.Add(Repeat(false, () => counter.Get(), () => Interlocked.Increment(ref _reads)));
        }

        for (var i = 0; i < writers; i++)
        {
            var (key, counter) = ($"write-{i}", cluster.Counter($"write-{i}"));
            _callers.Add(Repeat(true, () => counter.Add(1), () =>
            {
                Interlocked.Increment(ref _writes);
                _acknowledged.AddOrUpdate(key, 1, static (_, count) => count + 1);
            }));
        }
    }

    public int Reads => Volatile.Read(ref _reads);

    public int Writes => Volatile.Read(ref _writes);

    public int FailedReads => _failures.Count(failure => !failure.IsWrite);

    public int FailedWrites => _failures.Count(failure => failure.IsWrite);

    public IEnumerable<string> Failures => _failures.Select(failure => failure.Failure);

    public TimeSpan Longest => TimeSpan.FromTicks(Volatile.Read(ref _longest));

    /// <summary>The writes that were answered, by grain.</summary>
    public IReadOnlyDictionary<string, int> Acknowledged => _acknowledged;

    public async Task Stop()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
    }

    /// <summary>Every state holds at least what was acknowledged, and at most what was also tried.</summary>
    public async Task CheckNothingLost(ProcessTestCluster cluster)
    {
        foreach (var (key, count) in _acknowledged)
        {
            await Eventually.Succeeds(TimeSpan.FromSeconds(20), async () => Assert.InRange(await cluster.Counter(key).Get(), count, count + FailedWrites));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        _stop.Dispose();
    }

    Task Repeat(bool isWrite, Func<Task> call, Action succeeded) => Task.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await call();
                succeeded();
            }
            catch (Exception exception)
            {
                _failures.Enqueue((isWrite, $"{DateTime.UtcNow:HH:mm:ss.fff} {exception.GetType().Name}: {exception.Message}"));
            }

            var elapsed = Stopwatch.GetElapsedTime(began).Ticks;
            if (elapsed > Volatile.Read(ref _longest))
            {
                Volatile.Write(ref _longest, elapsed);
            }

            await Task.Delay(Pace);
        }
    });
}
