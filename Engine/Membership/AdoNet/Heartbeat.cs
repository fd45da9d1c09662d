using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>
/// Watches one other silo over a connection of its own: a ping every ProbeTimeout, each to be answered within that. Who is silent is asked again at once, the
/// last time over a new connection as well, since the old one may be all that is broken. A silo that answers slowly, or was not heard yet, has up to twice the
/// time. A connection that breaks is tried again at once. Refusal by this very machine, or an answer by another silo at the endpoint, is proof of death;
/// anything else counts as missed.
/// </summary>
sealed partial class Heartbeat : IDisposable
{
    readonly SiloLink _link;
    readonly SiloAddress _silo;
    readonly ClusterMembershipOptions _options;
    readonly TimeSpan _probeTimeout;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly CancellationTokenSource _stop = new();
    readonly TaskCompletionSource<bool> _first = Completion.Source<bool>();
    IConnection? _connection;
    // The answer that is waited for, since the first ping that had none.
    TaskCompletionSource<Pong> _waiting = Completion.Source<Pong>();
    long _asked;
    TimeSpan _slowest;
    readonly HeartbeatQuestions _questions;
    long _number;
    long _answered;
    int _missed;
    int _refused;

    public Heartbeat(SiloLink link, SiloAddress silo, ClusterMembershipOptions options, TimeProvider time, ILogger log)
    {
        _link = link;
        _silo = silo;
        _options = options;
        _probeTimeout = TimeSpan.FromTicks(Math.Clamp(options.ProbeTimeout.Ticks, options.MinProbeTimeout.Ticks, Math.Max(options.MinProbeTimeout.Ticks, options.MaxProbeTimeout.Ticks)));
        _slowest = _probeTimeout / 2;
        _questions = new HeartbeatQuestions(_probeTimeout, time);
        _time = time;
        _log = log;
    }

    /// <summary>True when the first attempt to reach the silo succeeded.</summary>
    public Task<bool> First => _first.Task;

    public int Activations { get; private set; }

    /// <summary>The silo is dead, or seems to be: proof or not, and why.</summary>
    public Func<SiloAddress, bool, string, Task> Unreachable { get; init; } = static (_, _, _) => Task.CompletedTask;

    /// <summary>The silo refuses us: the membership may have changed.</summary>
    public Action Refused { get; init; } = static () => { };

    /// <summary>The silo says that it leaves; what it is answered.</summary>
    public Func<byte[]> Leaving { get; init; } = static () => [];

    /// <summary>What is said first on a new connection.</summary>
    public Func<byte[]> Greeting { get; init; } = static () => [];

    public void Start()
    {
        _link.Around.Threads.Start(Run);
    }

    /// <summary>True when the silo says that the grain lives there; false as well when it says nothing in time.</summary>
    public Task<bool> Has(GrainId grain) => _questions.Ask(Volatile.Read(ref _connection), grain);

    public void Say(byte[] frame) => Volatile.Read(ref _connection)?.TrySend(frame);

    /// <summary>Ends the connection once all that was said is sent.</summary>
    public async Task Finish()
    {
        if (Volatile.Read(ref _connection) is { } connection)
        {
            connection.Finish();
            await Task.WhenAny(connection.Closed, Task.Delay(TimeSpan.FromMilliseconds(300), _time));
        }
    }

    public void Dispose()
    {
        // In this order: a cancelled delay wakes who waits for it on the thread pool, where a simulated process has no threads; by then nobody does.
        _connection?.Dispose();
        _stop.Cancel();
        _first.TrySetResult(false);
    }

    // How long an answer may take.
    TimeSpan Patience => TimeSpan.FromTicks(Math.Clamp(_slowest.Ticks * 4, _probeTimeout.Ticks, _probeTimeout.Ticks * 2));

    bool IsLastTry => _missed > 0 && _missed == _options.NumMissedProbesLimit - 1;

    async Task Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Round();
            }
            catch (Exception exception) when (!_stop.IsCancellationRequested)
            {
                await Missed(exception);
            }
            catch (Exception)
            {
                break;
            }
        }

        Close();
    }

    async Task Round()
    {
        var began = _time.GetTimestamp();
        var patience = Patience;
        var limit = Task.Delay(patience, _time);
        if (_missed == 0)
        {
            (_waiting, _asked) = (Completion.Source<Pong>(), began);
        }

        await Connect(limit);
        if (_connection is { } connection)
        {
            connection.TrySend(Frames.Of(FrameType.Ping, ++_number));
            // Dispose closes the connection: that ends the wait. (A delay that is cancelled would end it on a thread of the pool, whoever waits.)
            if (await Task.WhenAny(_waiting.Task, connection.Closed, limit) == connection.Closed)
            {
                throw new IOException("The heartbeat connection was closed.");
            }
        }

        if (_waiting.Task.IsCompletedSuccessfully)
        {
            await Answered(await _waiting.Task);
        }
        // A process that was held up itself (stopped, starved of CPU) does not judge others: it asks again.
        else if (_time.GetElapsedTime(began) <= patience * 1.5)
        {
            throw new TimeoutException($"No heartbeat within {patience}.");
        }
    }

    async Task Answered(Pong pong)
    {
        var took = _time.GetElapsedTime(_asked);
        _slowest = took > _slowest * 0.8 ? took : _slowest * 0.8;
        Activations = pong.Activations;
        (_missed, _refused) = (0, 0);
        _first.TrySetResult(true);
        await Task.WhenAny(_connection?.Closed ?? Task.CompletedTask, Task.Delay(_probeTimeout, _time));
    }
}
