namespace Orleans.Runtime;

/// <summary>
/// Makes completion sources whose waiters run after, and never within, the call that completes them. On the thread pool that is what
/// <see cref="TaskCreationOptions.RunContinuationsAsynchronously"/> does. On the thread of a simulated world its schedulers see to it, and that option would take
/// waiters to the pool.
/// </summary>
static class Completion
{
    [ThreadStatic]
    static bool _isSimulated;

    static TaskCreationOptions Options => _isSimulated ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>Whether a simulated world has this thread.</summary>
    public static bool IsSimulated
    {
        get => _isSimulated;
        set => _isSimulated = value;
    }

    public static TaskCompletionSource Source() => new(Options);

    public static TaskCompletionSource<T> Source<T>() => new(Options);
}
