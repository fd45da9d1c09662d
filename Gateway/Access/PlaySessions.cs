using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;

namespace Tributary.Gateway.Access;

/// <summary>
/// The viewers that this gateway judged, so that none is judged twice. Bounded: over <see cref="AccessSessions.MaxRemembered"/> those are forgotten that
/// asked for nothing for the longest, which costs them another decision.
/// </summary>
public sealed class PlaySessions : BackgroundService
{
    static readonly TimeSpan Sweep = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<PlaySessionKey, PlaySession> _sessions = new();
    readonly AccessMetrics _metrics;
    readonly AccessSessions _options;
    readonly TimeProvider _time;
    readonly Lock _evicting = new();

    public PlaySessions(AccessMetrics metrics, IOptions<AccessOptions> options, TimeProvider time)
    {
        (_metrics, _options, _time) = (metrics, options.Value.Sessions, time);
        metrics.Remembered = () => Count;
    }

    public int Count => _sessions.Count;

    /// <summary>Called with each session that is over.</summary>
    internal Action<PlaySession>? Over { get; set; }

    /// <summary>The session of the key; where there is none, <paramref name="made"/> is it from now on.</summary>
    internal PlaySession GetOrAdd(in PlaySessionKey key, PlaySession made)
    {
        var session = _sessions.GetOrAdd(key, made);
        Interlocked.Exchange(ref session.Seen, _time.GetTimestamp());
        if (ReferenceEquals(session, made) && _sessions.Count > _options.MaxRemembered)
        {
            Evict();
        }

        return session;
    }

    /// <summary>The session of the key, which thereby was seen now; null where there is none.</summary>
    internal PlaySession? Find(in PlaySessionKey key)
    {
        if (!_sessions.TryGetValue(key, out var session))
        {
            return null;
        }

        Interlocked.Exchange(ref session.Seen, _time.GetTimestamp());
        return session;
    }

    internal void Forget(in PlaySessionKey key, PlaySession session)
    {
        if (_sessions.TryRemove(KeyValuePair.Create(key, session)))
        {
            Over?.Invoke(session);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Sweep, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Tend();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }

        foreach (var (key, session) in _sessions)
        {
            Forget(key, session);
        }
    }

    /// <summary>Forgets who asked for nothing for too long, and refusals that are old.</summary>
    internal void Tend()
    {
        foreach (var (key, session) in _sessions)
        {
            var isRefusal = session.Decision is { IsCompletedSuccessfully: true, Result.Granted: false };
            if (_time.GetElapsedTime(Interlocked.Read(ref session.Seen)) > (isRefusal ? _options.RefusalAge : _options.Idle))
            {
                Forget(key, session);
            }
        }
    }

    void Evict()
    {
        lock (_evicting)
        {
            var over = _sessions.Count - _options.MaxRemembered;
            if (over <= 0)
            {
                return;
            }

            var oldest = _sessions.OrderBy(static pair => Interlocked.Read(ref pair.Value.Seen)).Take(over + _options.MaxRemembered / 10).ToList();
            oldest.ForEach(pair => Forget(pair.Key, pair.Value));
            _metrics.SessionsForgotten(oldest.Count);
        }
    }
}
