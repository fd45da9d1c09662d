using Microsoft.Extensions.Logging;
using Orleans.Timers;

namespace Orleans.Runtime;

/// <summary>Makes the timers of the silo's activations.</summary>
sealed class TimerRegistry : ITimerRegistry
{
    public IGrainTimer RegisterGrainTimer<TState>(
        IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(grainContext);
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new GrainTimer<TState>((Activation)grainContext, callback, state, options);
        timer.Start();
        return timer;
    }
}

/// <summary>Waits on the clock, then queues a tick as a turn; the next wait begins when the tick is over, so ticks never overlap.</summary>
abstract partial class GrainTimer : IGrainTimer
{
    readonly Activation _activation;
    readonly CancellationTokenSource _stopped = new();
    readonly ITimer _timer;
    readonly Lock _gate = new();
    TimeSpan _dueTime;
    TimeSpan _period;
    bool _ticking;
    bool _changed;
    bool _disposed;

    protected GrainTimer(Activation activation, GrainTimerCreationOptions options)
    {
        Check(options.DueTime, nameof(options.DueTime));
        Check(options.Period, nameof(options.Period));
        _activation = activation;
        Interleave = options.Interleave;
        KeepAlive = options.KeepAlive;
        _dueTime = options.DueTime;
        _period = options.Period;
        if (ExecutionContext.IsFlowSuppressed())
        {
            _timer = activation.Silo.Time.CreateTimer(static t => ((GrainTimer)t!).Due(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        else
        {
            using (ExecutionContext.SuppressFlow())
            {
                _timer = activation.Silo.Time.CreateTimer(static t => ((GrainTimer)t!).Due(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public bool Interleave { get; }

    public bool KeepAlive { get; }

    public void Start()
    {
        _activation.AddTimer(this);
        _timer.Change(_dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _dueTime = dueTime;
            _period = period;
            if (_ticking)
            {
                _changed = true;
            }
            else
            {
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _timer.Dispose();
        _stopped.Cancel();
        _activation.RemoveTimer(this);
    }

    protected abstract Task Call(CancellationToken cancellationToken);

    // Zero means at once and, as a period, again and again; one tick only is an infinite period.
    static void Check(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan && (time < TimeSpan.Zero || time.TotalMilliseconds > uint.MaxValue - 1))
        {
            throw new ArgumentOutOfRangeException(name, time, "The time must be infinite, or between zero and 49 days.");
        }
    }

    void Due()
    {
        lock (_gate)
        {
            if (_disposed || _ticking)
            {
                return;
            }

            _ticking = true;
        }

        _activation.Enqueue(new Tick(this));
    }

    async ValueTask Run()
    {
        try
        {
            if (!_disposed)
            {
                await Call(_stopped.Token);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_stopped.IsCancellationRequested)
        {
            LogTickFailed(_activation.Silo.Log, exception, _activation.GrainId);
            _activation.Failed(exception);
        }
        catch (OperationCanceledException)
        {
            // The timer was disposed while it ticked.
        }
        finally
        {
            Rearm();
        }
    }

    void Rearm()
    {
        lock (_gate)
        {
            _ticking = false;
            if (!_disposed)
            {
                _timer.Change(_changed ? _dueTime : _period, Timeout.InfiniteTimeSpan);
                _changed = false;
            }
        }
    }

    sealed class Tick(GrainTimer timer) : Turn
    {
        public override bool IsAlwaysInterleave => timer.Interleave;

        public override bool IsReadOnly => false;

        public override Guid ReentrancyId => Guid.Empty;

        public override bool CountsAsUse => timer.KeepAlive;

        public override ValueTask Run(Activation activation) => timer.Run();

        public override void Abandon(Activation activation) { }
    }

    [LoggerMessage(LogLevel.Error, "A timer of {GrainId} failed")]
    static partial void LogTickFailed(ILogger log, Exception exception, GrainId grainId);
}

sealed class GrainTimer<TState>(Activation activation, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    : GrainTimer(activation, options)
{
    protected override Task Call(CancellationToken cancellationToken) => callback(state, cancellationToken);
}
