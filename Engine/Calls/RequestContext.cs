namespace Orleans.Runtime;

/// <summary>Values that travel with calls: set before a call, they are seen by the callee and by what it calls.</summary>
public static class RequestContext
{
    static readonly AsyncLocal<CallContext?> Ambient = new();

    /// <summary>Names the call chain that may come back to a grain that allowed it; empty when none.</summary>
    public static Guid ReentrancyId
    {
        get => Ambient.Value?.ReentrancyId ?? Guid.Empty;
        set => Current = new CallContext(Ambient.Value?.Values, value);
    }

    public static IEnumerable<string> Keys => Ambient.Value?.Values?.Keys ?? Enumerable.Empty<string>();

    public static IEnumerable<KeyValuePair<string, object>> Entries => Ambient.Value?.Values ?? Enumerable.Empty<KeyValuePair<string, object>>();

    /// <summary>The whole context: immutable, so that messages carry it without a copy.</summary>
    internal static CallContext? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    public static object? Get(string key) => Ambient.Value?.Values is { } values && values.TryGetValue(key, out var value) ? value : null;

    public static void Set(string key, object value)
    {
        ArgumentNullException.ThrowIfNull(key);
        var values = Ambient.Value?.Values is { } old ? new Dictionary<string, object>(old) : [];
        values[key] = value;
        Current = new CallContext(values, ReentrancyId);
    }

    public static bool Remove(string key)
    {
        if (Ambient.Value?.Values is not { } old || !old.ContainsKey(key))
        {
            return false;
        }

        var values = new Dictionary<string, object>(old);
        values.Remove(key);
        Current = values.Count == 0 && ReentrancyId == Guid.Empty ? null : new CallContext(values, ReentrancyId);
        return true;
    }

    public static void Clear() => Current = null;

    /// <summary>Calls made until the section is disposed may call back into this grain while it waits for them.</summary>
    public static ReentrancySection AllowCallChainReentrancy()
    {
        var old = ReentrancyId;
        return new ReentrancySection(old, old == Guid.Empty ? Guid.NewGuid() : old);
    }

    /// <summary>Takes <see cref="AllowCallChainReentrancy"/> back until the section is disposed.</summary>
    public static ReentrancySection SuppressCallChainReentrancy() => new(ReentrancyId, Guid.Empty);

    internal static Dictionary<string, object>? Export() => Current?.Values is { } values ? new Dictionary<string, object>(values) : null;

    /// <summary>The stretch of a method in which call-chain reentrancy is allowed or suppressed.</summary>
    public readonly struct ReentrancySection : IDisposable
    {
        readonly Guid _original;
        readonly Guid _entered;

        public ReentrancySection(Guid originalReentrancyId, Guid newReentrancyId)
        {
            _original = originalReentrancyId;
            _entered = newReentrancyId;
            ReentrancyId = newReentrancyId;
            if (newReentrancyId != Guid.Empty)
            {
                RuntimeContext.CurrentActivation?.EnterReentrantSection(newReentrancyId);
            }
        }

        public void Dispose()
        {
            if (_entered != Guid.Empty)
            {
                RuntimeContext.CurrentActivation?.LeaveReentrantSection(_entered);
            }

            ReentrancyId = _original;
        }
    }
}

/// <summary>The values and the chain of one call.</summary>
sealed record CallContext(Dictionary<string, object>? Values, Guid ReentrancyId);
