using Orleans.Streams;

namespace Tributary.Grains.Frames;

/// <summary>One follower of a stream on this host.</summary>
sealed class FrameSubscription(FrameChannel channel, IAsyncObserver<FrameBatch> observer, FrameMetrics metrics, FrameStream origin)
    : StreamSubscriptionHandle<FrameBatch>
{
    Task _busy = Task.CompletedTask;
    bool _waitsForKey;

    public override Guid HandleId { get; } = Guid.NewGuid();

    public override string ProviderName => FrameStreamProvider.ProviderName;

    public override StreamId StreamId => origin.StreamId;

    /// <summary>Called by the channel, one call at a time.</summary>
    internal void Offer(in FrameBatch batch)
    {
        if (!_busy.IsCompleted)
        {
            _waitsForKey = true;
            metrics.Dropped(batch.Frames.Length);
            return;
        }

        var frames = batch.Frames;
        if (_waitsForKey && (frames = FromKeyFrame(frames)).IsEmpty && batch.Signal == StreamSignal.None)
        {
            metrics.Dropped(batch.Frames.Length);
            return;
        }

        _waitsForKey = false;
        _busy = Deliver(new FrameBatch(frames, batch.Signal));
    }

    Task Deliver(in FrameBatch batch)
    {
        try
        {
            return observer.OnNextAsync(batch);
        }
        catch (Exception exception)
        {
            metrics.SubscriberFailed();
            return observer.OnErrorAsync(exception);
        }
    }

    static ReadOnlyMemory<Media.Frames.MarkedFrame> FromKeyFrame(ReadOnlyMemory<Media.Frames.MarkedFrame> frames)
    {
        for (var i = 0; i < frames.Length; i++)
        {
            var frame = frames.Span[i].Frame;
            if (frame.IsKey && frame.Track.Kind == Media.Frames.TrackKind.Video)
            {
                return frames[i..];
            }
        }

        return default;
    }

    public override Task UnsubscribeAsync()
    {
        channel.Unsubscribe(this);
        return Task.CompletedTask;
    }

    public override async Task<StreamSubscriptionHandle<FrameBatch>> ResumeAsync(
        IAsyncObserver<FrameBatch> observer, StreamSequenceToken? token = null)
    {
        await UnsubscribeAsync();
        return await origin.SubscribeAsync(observer, token);
    }

    public override Task<StreamSubscriptionHandle<FrameBatch>> ResumeAsync(
        IAsyncBatchObserver<FrameBatch> observer, StreamSequenceToken? token = null) =>
        throw new NotSupportedException("Frames already come in batches: resume with an IAsyncObserver<FrameBatch>.");

    public override bool Equals(StreamSubscriptionHandle<FrameBatch>? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => HandleId.GetHashCode();
}
