namespace Orleans.Runtime;

/// <summary>A call whose answer is awaited.</summary>
abstract class PendingCall
{
    public Message Request { get; private set; } = null!;

    public long SentAt { get; private set; }

    /// <summary>When the answer is no longer waited for, as a time stamp of the node's clock.</summary>
    public long Deadline { get; private set; }

    public CancellationTokenRegistration Cancellation { get; set; }

    public void Begin(Message request, long sentAt, long deadline)
    {
        Request = request;
        SentAt = sentAt;
        Deadline = deadline;
    }

    public abstract void Succeed(object? result);

    public abstract void Fail(Exception exception);

    public abstract void Cancel(CancellationToken token);

    /// <summary>The outcome as an object, for filters.</summary>
    public abstract Task<object?> Outcome();
}

sealed class PendingCall<T> : PendingCall
{
    readonly TaskCompletionSource<T> _source = Completion.Source<T>();

    public Task<T> Task => _source.Task;

    public override void Succeed(object? result) => _source.TrySetResult((T)result!);

    public override void Fail(Exception exception) => _source.TrySetException(exception);

    public override void Cancel(CancellationToken token) => _source.TrySetCanceled(token);

    public override async Task<object?> Outcome() => await Task;
}
