using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

/// <summary>
/// Processes, machines and a network in simulated time: one thread runs everything in one order that only the seed decides. No timer, thread or clock of this
/// machine has a part in it, so a seed that failed once fails again, event by event. Ours, not part of the Orleans API.
/// </summary>
public sealed class SimulatedWorld : IDisposable
{
    readonly PriorityQueue<Event, Moment> _timed = new();
    readonly Queue<Event> _ready = new();
    readonly ExecutionContext _clean = ExecutionContext.Capture()!;
    // A test's context would take what awaits to its own threads.
    readonly SynchronizationContext? _outer = SynchronizationContext.Current;
    volatile bool _isOver;
    ulong _digest = 14_695_981_039_346_656_037;
    readonly int _thread = Environment.CurrentManagedThreadId;
    readonly int _seed;
    long _order;

    public SimulatedWorld(int seed)
    {
        Completion.IsSimulated = true;
        SynchronizationContext.SetSynchronizationContext(null);
        _seed = seed;
        Random = new Random(seed);
        Network = new SimulatedLinks(this);
        Database = new SimulatedDatabase(this);
    }

    /// <summary>The chance of the whole world.</summary>
    public Random Random { get; }

    public SimulatedLinks Network { get; }

    public SimulatedDatabase Database { get; }

    internal SimulatedMeters Meters { get; } = new();

    /// <summary>Time since the world began.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Events that have happened.</summary>
    public long Events { get; private set; }

    /// <summary>A hash over everything that <see cref="Log"/> was given: equal for two runs of one seed.</summary>
    public ulong Digest => _digest;

    /// <summary>Is told every line of the log; for a seed that is looked at.</summary>
    public Action<string>? Watch { get; set; }

    /// <summary>What went wrong inside the simulation: an exception that nobody caught.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Gives the thread back that made the world.</summary>
    public void Dispose()
    {
        Meters.Dispose();
        _isOver = true;
        Completion.IsSimulated = false;
        SynchronizationContext.SetSynchronizationContext(_outer);
    }

    public SimulatedProcess NewProcess(string name, string machine) => new(this, name, machine);

    /// <summary>Something happened that two runs of a seed must agree on.</summary>
    public void Log(string line)
    {
        Digest64(Now.Ticks);
        Digest64(Events);
        foreach (var letter in line)
        {
            Digest64(letter);
        }

        Watch?.Invoke($"{Now.TotalSeconds,9:0.0000} {line}");
    }

    /// <summary>Happens to the world itself, after this time.</summary>
    public void After(TimeSpan delay, Action action) => Schedule(null, delay, static a => ((Action)a!)(), action);

    /// <summary>A time between the two, mostly near the first.</summary>
    public TimeSpan Chance(TimeSpan least, TimeSpan most)
    {
        var spread = Random.NextDouble();
        return least + ((most - least) * (spread * spread * spread));
    }

    /// <summary>Lets everything happen that happens within this time.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (true)
        {
            if (_ready.TryDequeue(out var ready))
            {
                Happen(ready);
            }
            else if (_timed.TryPeek(out var next, out var at) && at.Due <= end.Ticks)
            {
                _timed.Dequeue();
                Now = new TimeSpan(at.Due);
                Happen(next);
            }
            else
            {
                Now = end;
                return;
            }
        }
    }

    internal void Schedule(SimulatedProcess? process, TimeSpan delay, Action<object?> action, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Strayed(process);
            return;
        }

        if (delay <= TimeSpan.Zero)
        {
            _ready.Enqueue(new Event(process, action, state));
        }
        else
        {
            _timed.Enqueue(new Event(process, action, state), new Moment((Now + delay).Ticks, ++_order));
        }
    }

    // Finalizers of what is dead may say something. Whatever else comes here has left the one thread of the world: no run could be repeated.
    void Strayed(SimulatedProcess? process)
    {
        if (!_isOver && process is not { IsAlive: false })
        {
            Environment.FailFast($"The simulated world of seed {_seed} was left at {Now.TotalSeconds} s by {process?.Name}: {Environment.StackTrace}");
        }
    }

    internal void Ready(Event happening) => _ready.Enqueue(happening);

    void Happen(in Event happening)
    {
        Events++;
        if (happening.Process is { } process)
        {
            process.Happen(happening);
        }
        else
        {
            happening.Action(happening.State);
        }

        ExecutionContext.Restore(_clean);
    }

    void Digest64(long value) => _digest = (_digest ^ (ulong)value) * 1_099_511_628_211;

    internal readonly record struct Event(SimulatedProcess? Process, Action<object?> Action, object? State);

    /// <summary>When something happens; of what happens at the same time, what was scheduled first.</summary>
    readonly record struct Moment(long Due, long Order) : IComparable<Moment>
    {
        public int CompareTo(Moment other) => Due != other.Due ? Due.CompareTo(other.Due) : Order.CompareTo(other.Order);
    }
}
