namespace Tributary.Grains.KLive.Remote;

/// <summary>
/// Keeps calls from a server that does not answer: after so many failures in a row it opens, and nothing passes for a while; then one may try. If that is
/// answered everybody may again, else it stays open for as long once more.
/// </summary>
public sealed class Circuit(int opensAfter, TimeSpan openFor, TimeProvider time)
{
    readonly Lock _gate = new();
    int _failures;
    bool _trying;
    long _openedAt;

    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _failures >= opensAfter;
            }
        }
    }

    /// <summary>Whether a call may be made; one that may is followed by <see cref="Answered"/> or <see cref="Failed"/>.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_failures < opensAfter)
            {
                return true;
            }

            if (_trying || time.GetElapsedTime(_openedAt) < openFor)
            {
                return false;
            }

            return _trying = true;
        }
    }

    public void Answered()
    {
        lock (_gate)
        {
            (_failures, _trying) = (0, false);
        }
    }

    public void Failed()
    {
        lock (_gate)
        {
            _failures = Math.Min(_failures + 1, opensAfter);
            (_trying, _openedAt) = (false, time.GetTimestamp());
        }
    }
}
