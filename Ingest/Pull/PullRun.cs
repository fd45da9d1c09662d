using Microsoft.Extensions.Logging;
using Tributary.Grains.Pulls;
using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Pull;

/// <summary>A pull that this node was given: tries, waits longer each time, and tells its grain, until the grain says stop.</summary>
sealed partial class PullRun(
    PullAssignment pull, string node, IGrainFactory grains, Func<PullConnection> connect, PullOptions options, PullMetrics metrics, TimeProvider time, ILogger log)
    : IAsyncDisposable
{
    static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource _stopping = new();
    readonly SemaphoreSlim _changed = new(0);
    volatile PullReport _report = new() { Node = node, Epoch = pull.Epoch, State = PullState.Connecting };
    Task _running = Task.CompletedTask;

    public PullAssignment Pull => pull;

    public bool IsOver => _running.IsCompleted;

    public void Start() => _running = Task.WhenAll(Task.Run(Attempt), Task.Run(Report));

    /// <summary>Ends it, and with it the session that it publishes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _changed.Dispose();
    }

    async Task Attempt()
    {
        metrics.Began();
        var attempts = 0;
        while (!_stopping.IsCancellationRequested)
        {
            using var connection = connect();
            Tell(PullState.Connecting, _report.Trouble, attempts);
            var end = await connection.Run(() => Tell(PullState.Streaming, "", 0), _stopping.Token);
            if (_stopping.IsCancellationRequested)
            {
                break;
            }

            attempts = connection.Streamed ? 1 : attempts + 1;
            var pause = Pause(attempts);
            LogEnded(pull.Name, Shown(), end, connection.Why, pause.TotalSeconds);
            Tell(PullState.Waiting, connection.Why, attempts);
            await Task.Delay(pause, time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        metrics.Stopped();
    }

    // Doubled each time, up to the longest, with up to a quarter more, so that many pulls of one server do not come back together.
    TimeSpan Pause(int attempts)
    {
        var doubled = options.FirstPause * Math.Pow(2, Math.Min(attempts - 1, 20));
        return (doubled < options.LongestPause ? doubled : options.LongestPause) * (1 + Random.Shared.NextDouble() / 4);
    }

    void Tell(PullState state, string trouble, int attempts)
    {
        _report = _report with { State = state, Trouble = trouble, Attempts = attempts };
        _changed.Release();
    }

    async Task Report()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var order = await grains.GetGrain<IPullGrain>(pull.Name).Report(_report).WaitAsync(TimeSpan.FromSeconds(3), time, _stopping.Token);
                if (order == PullOrder.Stop)
                {
                    LogStopped(pull.Name, pull.Epoch);
                    await _stopping.CancelAsync();
                    return;
                }

                await _changed.WaitAsync(ReportInterval, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                LogUnanswered(pull.Name, exception.Message);   // pictures go on meanwhile
                await Task.Delay(ReportInterval, time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    string Shown() => RtmpPlayUrl.TryParse(pull.Source?.Url, out var url, out _) ? url.ToString() : "no source";

    [LoggerMessage(LogLevel.Warning, "Pull {Name} from {Source} ended: {End}: {Why} It is tried again in {Seconds:0.0} s")]
    partial void LogEnded(string name, string source, PullEnd end, string why, double seconds);

    [LoggerMessage(LogLevel.Information, "Pull {Name} epoch {Epoch} ends here: another node has it, or nobody wants it")]
    partial void LogStopped(string name, long epoch);

    [LoggerMessage(LogLevel.Warning, "Pull {Name}: its grain does not answer: {Why}")]
    partial void LogUnanswered(string name, string why);
}
