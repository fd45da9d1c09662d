namespace Orleans.Runtime;

/// <summary>
/// Runs the tasks of one activation one at a time on the threads of the silo. Code of the grain that awaits comes back here, because an await without a synchronisation
/// context continues on the task scheduler that it left: this is what makes turns single-threaded.
/// </summary>
sealed class TurnScheduler(Activation activation) : TaskScheduler, IWorkItemScheduler, IThreadPoolWorkItem
{
    // Long enough to save hand-overs, short enough that one busy grain does not hold a thread.
    const int TasksPerSlice = 64;

    readonly Queue<Task> _tasks = new();
    bool _running;

    public override int MaximumConcurrencyLevel => 1;

    public void QueueAction(Action action) => new Task(action).Start(this);

    public void QueueAction(Action<object> action, object state) => new Task(action!, state).Start(this);

    void IWorkItemScheduler.QueueTask(Task task) => task.Start(this);

    /// <summary>Starts work without the caller's execution context: a turn begins with an empty one.</summary>
    public void Start(Action<object?> action, object state)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            new Task(action, state).Start(this);
            return;
        }

        using (ExecutionContext.SuppressFlow())
        {
            new Task(action, state).Start(this);
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_tasks)
        {
            _tasks.Enqueue(task);
            if (_running)
            {
                return;
            }

            _running = true;
        }

        activation.Silo.Threads.Queue(this, preferLocal: true);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(RuntimeContext.CurrentActivation, activation) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_tasks)
        {
            return [.. _tasks];
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        var clean = ExecutionContext.Capture();
        var outer = RuntimeContext.Enter(activation);
        try
        {
            for (var i = 0; i < TasksPerSlice; i++)
            {
                Task task;
                lock (_tasks)
                {
                    if (!_tasks.TryDequeue(out task!))
                    {
                        _running = false;
                        return;
                    }
                }

                TryExecuteTask(task);
                ExecutionContext.Restore(clean!);
            }
        }
        finally
        {
            RuntimeContext.Enter(outer);
        }

        activation.Silo.Threads.Queue(this, preferLocal: false);
    }
}
