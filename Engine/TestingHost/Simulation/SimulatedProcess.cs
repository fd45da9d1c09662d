using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

/// <summary>
/// A process of a simulated world: its clock, its threads and its task scheduler. It can be killed (nothing of it happens any more), and stopped for a while
/// (everything that was due meanwhile happens when it goes on). Ours, not part of the Orleans API.
/// </summary>
public sealed class SimulatedProcess
{
    readonly Queue<SimulatedWorld.Event> _put = new();
    readonly TurnsOfProcess _scheduler;
    readonly List<Action> _ended = [];
    TimeSpan _stoppedUntil;

    internal SimulatedProcess(SimulatedWorld world, string name, string machine)
    {
        (World, Name, Machine) = (world, name, machine);
        _scheduler = new TurnsOfProcess(this);
        Clock = new ProcessClock(this);
        Threads = new ProcessThreads(this);
        Random = new Random(world.Random.Next());
    }

    public SimulatedWorld World { get; }

    public string Name { get; }

    /// <summary>Partitions are between machines.</summary>
    public string Machine { get; }

    public bool IsAlive { get; private set; } = true;

    public bool IsStopped => World.Now < _stoppedUntil;

    /// <summary>How far the clock on the wall is off; time that elapses is not touched by it.</summary>
    public TimeSpan ClockOffset { get; set; }

    public TimeProvider Clock { get; }

    public Random Random { get; }

    internal EngineThreads Threads { get; }

    /// <summary>Runs it in the process, as its own code.</summary>
    public void Post(Action action) => Post(TimeSpan.Zero, static a => ((Action)a!)(), action);

    /// <summary>Runs it in the process, as its own code; what it throws is a failure of the world.</summary>
    public void Post(Func<Task> action) => Post(() =>
    {
        _ = Watched(action);
    });

    /// <summary>The process is gone, at once; its connections end.</summary>
    public void Kill()
    {
        if (!IsAlive)
        {
            return;
        }

        IsAlive = false;
        _put.Clear();
        _ended.ForEach(end => end());
    }

    /// <summary>As SIGSTOP and SIGCONT: the process believes after it what it believed before.</summary>
    public void Stop(TimeSpan time)
    {
        var until = World.Now + time;
        if (!IsAlive || until <= _stoppedUntil)
        {
            return;
        }

        _stoppedUntil = until;
        World.After(time, GoOn);
    }

    /// <summary>Ends <see cref="Stop"/> now.</summary>
    public void Continue()
    {
        _stoppedUntil = World.Now;
        GoOn();
    }

    internal void Post(TimeSpan delay, Action<object?> action, object? state) => World.Schedule(this, delay, action, state);

    internal void WhenEnded(Action ended) => _ended.Add(ended);

    internal void Happen(in SimulatedWorld.Event happening)
    {
        if (!IsAlive)
        {
            return;
        }

        if (IsStopped)
        {
            _put.Enqueue(happening);
            return;
        }

        _scheduler.Run(happening.Action, happening.State);
    }

    async Task Watched(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception exception)
        {
            World.Failures.Add($"{Name}: {exception}");
        }
    }

    void GoOn()
    {
        while (!IsStopped && _put.TryDequeue(out var happening))
        {
            World.Ready(happening);
        }
    }

    /// <summary>Tasks that are queued are events of the world; code that awaits in the process comes back to it.</summary>
    sealed class TurnsOfProcess(SimulatedProcess process) : TaskScheduler
    {
        static readonly Action<object?> ExecuteQueued = static _ => { };
        bool _starting;

        public override int MaximumConcurrencyLevel => 1;

        public void Run(Action<object?> action, object? state)
        {
            if (ReferenceEquals(action, ExecuteQueued))
            {
                TryExecuteTask((Task)state!);
                return;
            }

            var task = new Task(action, state);
            _starting = true;
            task.Start(this);
            _starting = false;
            TryExecuteTask(task);
            if (task.Exception is { } exception)
            {
                process.World.Failures.Add($"{process.Name}: {exception.InnerException}");
            }
        }

        protected override void QueueTask(Task task)
        {
            if (!_starting)
            {
                process.Post(TimeSpan.Zero, ExecuteQueued, task);
            }
        }

        // Waiters run after what completes them, as on the thread pool.
        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }

    sealed class ProcessThreads(SimulatedProcess process) : EngineThreads
    {
        public override void Start(Func<Task> work) => process.Post(TimeSpan.Zero, static w => _ = ((Func<Task>)w!)(), work);

        public override void Queue(IThreadPoolWorkItem item, bool preferLocal) =>
            process.Post(TimeSpan.Zero, static i => ((IThreadPoolWorkItem)i!).Execute(), item);
    }

    sealed class ProcessClock(SimulatedProcess process) : TimeProvider
    {
        static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Start + process.World.Now + process.ClockOffset;

        public override long GetTimestamp() => process.World.Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new ProcessTimer(process, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    sealed class ProcessTimer(SimulatedProcess process, TimerCallback callback, object? state) : ITimer
    {
        Arming? _armed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _armed = null;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Arm(dueTime, period);
            }

            return true;
        }

        public void Dispose() => _armed = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        void Arm(TimeSpan dueTime, TimeSpan period)
        {
            _armed = new Arming(this, period);
            // No timer fires within the call that sets it.
            process.Post(dueTime < TimeSpan.FromTicks(1) ? TimeSpan.FromTicks(1) : dueTime, static a => ((Arming)a!).Fire(), _armed);
        }

        sealed class Arming(ProcessTimer timer, TimeSpan period)
        {
            public void Fire()
            {
                if (!ReferenceEquals(timer._armed, this))
                {
                    return;
                }

                timer._armed = null;
                if (period > TimeSpan.Zero)
                {
                    timer.Arm(period, period);
                }

                timer.Call();
            }
        }

        void Call() => callback(state);
    }
}
