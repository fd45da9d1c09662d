using System.Diagnostics.Metrics;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access;

/// <summary>What access control counts.</summary>
public sealed class AccessMetrics
{
    readonly Counter<long> _decisions, _failures, _lockouts, _asked, _told, _evicted, _sessions;
    readonly Histogram<double> _answer;
    long _decided, _hookCalls;

    public AccessMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Access");
        _decisions = meter.CreateCounter<long>("tributary.access.decisions", "{decision}", "Decisions on publishers and viewers, by action and reason; None is a yes.");
        _failures = meter.CreateCounter<long>("tributary.access.failures", "{credential}", "Keys and tokens that were never ours.");
        _lockouts = meter.CreateCounter<long>("tributary.access.lockouts", "{address}", "Addresses that were locked out for guessing.");
        _asked = meter.CreateCounter<long>("tributary.access.hook_questions", "{question}", "Questions to hooks, by outcome.");
        _told = meter.CreateCounter<long>("tributary.access.hook_events", "{event}", "Events for hooks: delivered, retried, resumed (left by an earlier run), dropped (queue full, or no such hook any more), given up.");
        _evicted = meter.CreateCounter<long>("tributary.access.sessions_forgotten", "{session}", "Decisions forgotten for lack of room (Access:Sessions:MaxRemembered).");
        _sessions = meter.CreateCounter<long>("tributary.access.sessions", "{session}", "Viewers that were let in where access is controlled.");
        _answer = meter.CreateHistogram("tributary.access.hook.duration", "s", "Time that hooks took to answer.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5] });
        meter.CreateObservableGauge("tributary.access.hook_events_waiting", () => Waiting?.Invoke() ?? 0, "{event}", "Events that wait for delivery.");
        meter.CreateObservableGauge("tributary.access.sessions_remembered", () => Remembered?.Invoke() ?? 0, "{session}", "Decisions that are remembered.");
    }

    /// <summary>Decisions made so far by this process.</summary>
    public long Decisions => Interlocked.Read(ref _decided);

    /// <summary>Requests sent to hooks so far by this process.</summary>
    public long HookCalls => Interlocked.Read(ref _hookCalls);

    public Func<int>? Waiting { get; set; }

    public Func<int>? Remembered { get; set; }

    public void SessionsForgotten(int count) => _evicted.Add(count);

    public void SessionBegan() => _sessions.Add(1);

    internal void Decided(AccessAction action, AccessReason reason)
    {
        Interlocked.Increment(ref _decided);
        _decisions.Add(1, new("action", action.ToString()), new("reason", reason.ToString()));
    }

    internal void Failed() => _failures.Add(1);

    internal void LockedOut() => _lockouts.Add(1);

    internal void Asked(string outcome, TimeSpan took)
    {
        Interlocked.Increment(ref _hookCalls);
        _asked.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        _answer.Record(took.TotalSeconds);
    }

    internal void Told(string outcome)
    {
        Interlocked.Increment(ref _hookCalls);
        _told.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
    }
}
