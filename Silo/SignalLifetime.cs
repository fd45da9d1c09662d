using System.Runtime.InteropServices;

namespace Tributary.Silo;

/// <summary>SIGTERM and Ctrl-C drain the node and then end the process; a second one ends it at once.</summary>
sealed partial class SignalLifetime(NodeDrainer drainer, IHostApplicationLifetime host, ILogger<SignalLifetime> log) : IHostLifetime, IDisposable
{
    static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(2);

    readonly List<PosixSignalRegistration> _signals = [];
    int _heard;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, Hear));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());

    void Hear(PosixSignalContext context)
    {
        context.Cancel = true;   // the process ends when the host has stopped
        if (Interlocked.Increment(ref _heard) == 1)
        {
            _ = Leave();
            return;
        }

        LogAtOnce();
        host.StopApplication();
        _ = Task.Delay(AtOnce).ContinueWith(_ => Environment.Exit(143), TaskScheduler.Default);   // 128 + SIGTERM: nothing was waited for
    }

    async Task Leave()
    {
        if (host.ApplicationStarted.IsCancellationRequested)
        {
            await drainer.Begin(stopping: true);
        }

        host.StopApplication();
    }

    [LoggerMessage(LogLevel.Warning, "A second signal: the process ends at once, whatever is left")]
    partial void LogAtOnce();
}
