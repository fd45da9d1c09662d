namespace Orleans.Runtime;

/// <summary>Whose turn the thread runs.</summary>
static class RuntimeContext
{
    [ThreadStatic]
    static Activation? _current;

    public static Activation? CurrentActivation => _current;

    public static IGrainContext? Current => _current;

    public static Activation? Enter(Activation? activation)
    {
        var previous = _current;
        _current = activation;
        return previous;
    }
}
