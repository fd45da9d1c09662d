using Tributary.Grains.Access;

namespace Tributary.Gateway.Access;

/// <summary>A viewer that holds its connection: what was decided, when its time is over, and, when disposed, that it stopped.</summary>
sealed class PlayHold : IDisposable
{
    static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    readonly CancellationTokenSource? _over;
    Action<string>? _ended;

    public PlayHold(AccessDecision decision, DateTimeOffset? ends, TimeProvider time, Action<string>? ended)
    {
        (Decision, _ended) = (decision, ended);
        if (ends is { } end)
        {
            var left = end - time.GetUtcNow();
            _over = new CancellationTokenSource(left <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : left < Longest ? left : Longest, time);
        }
    }

    public AccessDecision Decision { get; }

    /// <summary>Cancelled when its time is over.</summary>
    public CancellationToken Over => _over?.Token ?? default;

    public void Dispose()
    {
        Interlocked.Exchange(ref _ended, null)?.Invoke(_over is { IsCancellationRequested: true } ? "expired" : "left");
        _over?.Dispose();
    }
}
