namespace Tributary.Unit.Rtmp;

/// <summary>A clock that goes on when the test says so, and fires what is due.</summary>
sealed class ManualTime : TimeProvider
{
    readonly List<ManualTimer> _timers = [];
    long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    /// <summary>Whether anybody waits.</summary>
    public bool HasTimers
    {
        get
        {
            lock (_timers)
            {
                return _timers.Exists(static timer => timer.Due != long.MaxValue);
            }
        }
    }

    /// <summary>Whether anybody waits until so long from now.</summary>
    public bool IsAwaited(TimeSpan from)
    {
        lock (_timers)
        {
            return _timers.Exists(timer => timer.Due == GetTimestamp() + from.Ticks);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_timers)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref _ticks, by.Ticks);
        List<ManualTimer> due;
        lock (_timers)
        {
            due = _timers.FindAll(timer => timer.Due <= _ticks);
        }

        due.ForEach(static timer => timer.Fire());
    }

    sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public long Due { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : time.GetTimestamp() + dueTime.Ticks;
            return true;
        }

        public void Fire()
        {
            Due = long.MaxValue;
            callback(state);
        }

        public void Dispose() => Due = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
