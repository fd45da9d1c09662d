using System.Diagnostics;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Metrics;

namespace Tributary.Gateway.Live;

/// <summary>How many requests may wait at the same time, for a first segment, a part or a playlist; and how long they did.</summary>
public sealed class WaitLimit
{
    readonly IOptions<HlsOptions> _options;
    readonly GatewayMetrics _metrics;
    int _waiting;

    public WaitLimit(IOptions<HlsOptions> options, GatewayMetrics metrics)
    {
        (_options, _metrics) = (options, metrics);
        metrics.Waiting = () => Count;
    }

    /// <summary>Requests that wait right now.</summary>
    public int Count => Volatile.Read(ref _waiting);

    /// <summary>False where too many wait already: the caller answers at once. Else it calls <see cref="Leave"/> when it has waited.</summary>
    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref _waiting) <= _options.Value.MaxWaiting)
        {
            return true;
        }

        Interlocked.Decrement(ref _waiting);
        _metrics.WaitRefused();
        return false;
    }

    /// <param name="since">A timestamp of <see cref="Stopwatch"/>.</param>
    internal void Leave(long since)
    {
        Interlocked.Decrement(ref _waiting);
        _metrics.Waited(Stopwatch.GetElapsedTime(since));
    }
}
