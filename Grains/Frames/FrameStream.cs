using Orleans.Streams;

namespace Tributary.Grains.Frames;

/// <summary>One stream of the "frames" provider: <see cref="OnNextAsync"/> publishes, <see cref="SubscribeAsync(IAsyncObserver{FrameBatch})"/> follows.</summary>
sealed class FrameStream(StreamId streamId, FrameChannels channels) : IAsyncStream<FrameBatch>
{
    readonly string _name = streamId.GetKeyAsString();
    FrameChannel? _channel;

    public StreamId StreamId => streamId;

    public string ProviderName => FrameStreamProvider.ProviderName;

    public bool IsRewindable => true;

    /// <summary>Completes synchronously; the frames are the caller's again when it returns.</summary>
    public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
    {
        while (!(_channel ??= channels.Open(_name)).TryPublish(item))
        {
            _channel = null;
        }

        return Task.CompletedTask;
    }

    public Task OnNextBatchAsync(IEnumerable<FrameBatch> batch, StreamSequenceToken? token = null)
    {
        foreach (var item in batch)
        {
            _ = OnNextAsync(item);
        }

        return Task.CompletedTask;
    }

    public Task OnCompletedAsync() => OnNextAsync(new FrameBatch(default, StreamSignal.OffAir));

    public Task OnErrorAsync(Exception ex) => OnNextAsync(new FrameBatch(default, StreamSignal.SourceLost));

    public Task<StreamSubscriptionHandle<FrameBatch>> SubscribeAsync(IAsyncObserver<FrameBatch> observer) => SubscribeAsync(observer, null);

    public Task<StreamSubscriptionHandle<FrameBatch>> SubscribeAsync(
        IAsyncObserver<FrameBatch> observer, StreamSequenceToken? token, string? filterData = null)
    {
        FrameSubscription? subscription;
        do
        {
            subscription = channels.Open(_name).TrySubscribe(observer, token?.SequenceNumber ?? 0, this);
        }
        while (subscription is null);
        return Task.FromResult<StreamSubscriptionHandle<FrameBatch>>(subscription);
    }

    public Task<StreamSubscriptionHandle<FrameBatch>> SubscribeAsync(IAsyncBatchObserver<FrameBatch> observer) =>
        throw new NotSupportedException("Frames already come in batches: subscribe with an IAsyncObserver<FrameBatch>.");

    public Task<StreamSubscriptionHandle<FrameBatch>> SubscribeAsync(IAsyncBatchObserver<FrameBatch> observer, StreamSequenceToken? token) =>
        SubscribeAsync(observer);

    /// <summary>Subscriptions belong to the host that made them and end with it: there are none to resume.</summary>
    public Task<IList<StreamSubscriptionHandle<FrameBatch>>> GetAllSubscriptionHandles() =>
        Task.FromResult<IList<StreamSubscriptionHandle<FrameBatch>>>([]);

    public bool Equals(IAsyncStream<FrameBatch>? other) => other is FrameStream stream && stream.StreamId.Equals(StreamId);

    public int CompareTo(IAsyncStream<FrameBatch>? other) => other is null ? 1 : StreamId.CompareTo(other.StreamId);

    public override bool Equals(object? obj) => Equals(obj as IAsyncStream<FrameBatch>);

    public override int GetHashCode() => StreamId.GetHashCode();
}
