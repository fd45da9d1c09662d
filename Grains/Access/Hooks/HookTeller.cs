using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Access.Hooks;

/// <summary>
/// Tells hooks what happened: at least once, the events of one stream in their order, each hook by itself. Telling waits for nobody. When the process ends
/// it delivers for some seconds more what it can; the rest, and what a process that was killed still had, the next run delivers (<see cref="HookSpool"/>),
/// and it tells of the end of the publishers and viewers that were there when the process was killed.
/// </summary>
public sealed partial class HookTeller : IHostedService, IDisposable
{
    static readonly TimeSpan GoodBye = TimeSpan.FromSeconds(3);

    readonly HookHttp _http;
    readonly AccessMetrics _metrics;
    readonly TimeProvider _time;
    readonly ILogger<HookTeller> _log;
    readonly HookDelivery _delivery;
    readonly AccessHook[] _hooks;
    readonly HookSpool? _spool;
    readonly Dictionary<(AccessHook Hook, string Stream), Queue<KeptEvent>> _lanes = [];
    readonly Lock _gate = new();
    readonly SemaphoreSlim _places;
    readonly CancellationTokenSource _ending = new();
    TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _waiting;

    public HookTeller(HookHttp http, AccessMetrics metrics, IOptions<AccessOptions> options, TimeProvider time, ILogger<HookTeller> log, HookSpool? spool = null)
    {
        _spool = spool;
        (_http, _metrics, _time, _log, _delivery) = (http, metrics, time, log, options.Value.Delivery);
        _hooks = [.. options.Value.Hooks];
        _places = new SemaphoreSlim(_delivery.MaxUnderWay);
        metrics.Waiting = () => Waiting;
        TakeOver(spool?.Open() ?? []);
    }

    /// <summary>Events that wait for delivery.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether any hook is told of this.</summary>
    public bool Tells(HookEvent what) => Array.Exists(_hooks, hook => hook.IsTold(what));

    /// <summary>Hands an event over to every hook that is told of such. Comes back at once; what finds no room is dropped and counted.</summary>
    public void Tell(StreamEvent what)
    {
        if (_hooks.Length == 0)
        {
            return;
        }

        lock (_gate)
        {
            Begin(what);
            HandOver(what, _hooks, () => End(what));
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task empty;
        lock (_gate)
        {
            empty = _waiting == 0 ? Task.CompletedTask : _empty.Task;
        }

        await Task.WhenAny(empty, Task.Delay(GoodBye, _time, cancellationToken));
        await _ending.CancelAsync();
        if (Waiting > 0)
        {
            LogLeft(Waiting);
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        _places.Dispose();
    }

    // Written down for each hook, and only then told: in between, what else is to be written.
    void HandOver(StreamEvent what, IEnumerable<AccessHook> hooks, Action written)
    {
        (AccessHook Hook, KeptEvent Event)[] kept = [.. hooks.Where(hook => hook.IsTold(what.What) && HasRoom()).Select(hook => (hook, Keep(hook, what)))];
        written();
        foreach (var (hook, one) in kept)
        {
            Line(hook, one);
        }
    }

    bool HasRoom()
    {
        if (_waiting < _delivery.MaxWaiting)
        {
            return true;
        }

        _metrics.Told("dropped");
        return false;
    }

    KeptEvent Keep(AccessHook hook, StreamEvent what)
    {
        _waiting++;
        var name = HookSpool.NameOf(hook);
        return new KeptEvent(_spool?.Keep(name, what) ?? 0, name, what);
    }

    void Line(AccessHook hook, KeptEvent what)
    {
        var stream = what.What.Stream;
        if (_lanes.TryGetValue((hook, stream), out var lane))
        {
            lane.Enqueue(what);
            return;
        }

        _lanes[(hook, stream)] = lane = new Queue<KeptEvent>([what]);
        _ = Run(hook, stream, lane);
    }

    // One lane per hook and stream: what could not be delivered is tried again before what came after it.
    async Task Run(AccessHook hook, string stream, Queue<KeptEvent> lane)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // not under the lock, nor on the thread of whoever tells
        while (!_ending.IsCancellationRequested)
        {
            KeptEvent next;
            lock (_gate)
            {
                if (!lane.TryPeek(out next!))
                {
                    _lanes.Remove((hook, stream));
                    return;
                }
            }

            try
            {
                await Deliver(hook, next.What);
                _spool?.Done(next.Number);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            lock (_gate)
            {
                lane.Dequeue();
                if (--_waiting == 0)
                {
                    _empty.TrySetResult();
                    _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }
    }

    async Task Deliver(AccessHook hook, StreamEvent what)
    {
        var since = _time.GetTimestamp();
        for (var pause = _delivery.FirstPause; ; pause = pause * 2 < _delivery.LongestPause ? pause * 2 : _delivery.LongestPause)
        {
            await _places.WaitAsync(_ending.Token);
            (HookReply Reply, string Why) answer;
            try
            {
                answer = await _http.Send(hook, what, _time.GetUtcNow(), _ending.Token);
            }
            finally
            {
                _places.Release();
            }

            if (answer.Reply == HookReply.Yes)
            {
                _metrics.Told("delivered");
                return;
            }

            if (_time.GetElapsedTime(since) >= _delivery.GiveUpAfter)
            {
                _metrics.Told("given-up");
                LogGivenUp(QueryText.Redact(hook.Url), what.What, what.Stream, answer.Why);
                return;
            }

            _metrics.Told("retried");
            await Task.Delay(pause + pause * (Random.Shared.NextDouble() / 4), _time, _ending.Token);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Access: hook {Url} could not be told of {Event} of '{Stream}': {Why}; it is given up")]
    partial void LogGivenUp(string url, HookEvent @event, string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Access: {Count} events could not be delivered to hooks before the end; the next start tries again where they are kept")]
    partial void LogLeft(int count);
}
