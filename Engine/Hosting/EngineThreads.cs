namespace Orleans.Runtime;

/// <summary>Runs what is no turn of an activation: on the thread pool, or, in a simulation, on the one thread of its world.</summary>
abstract class EngineThreads
{
    public static EngineThreads Pool { get; } = new PoolThreads();

    /// <summary>Begins the work elsewhere, without the caller's execution context.</summary>
    public abstract void Start(Func<Task> work);

    public abstract void Queue(IThreadPoolWorkItem item, bool preferLocal);

    sealed class PoolThreads : EngineThreads
    {
        public override void Start(Func<Task> work)
        {
            using (ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(work);
            }
        }

        public override void Queue(IThreadPoolWorkItem item, bool preferLocal) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal);
    }
}
