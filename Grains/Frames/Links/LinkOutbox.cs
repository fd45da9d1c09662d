using System.IO.Pipelines;
using System.Threading.Channels;
using Orleans.Streams;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames.Links;

/// <summary>
/// The frames that wait to be sent to one host, of all the streams that it follows, in order. Frames are kept by reference and copied once, into
/// the socket's buffer; what waits is bounded by each stream's credit.
/// </summary>
sealed class LinkOutbox(PipeWriter output, FrameMetrics metrics)
{
    readonly Channel<Item> _items = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });

    readonly record struct Item(LinkFollower Follower, MarkedFrame Frame, StreamSignal Signal, string? Refusal, bool IsCaughtUp = false);

    public void Add(LinkFollower follower, in MarkedFrame frame) => Add(new Item(follower, frame, StreamSignal.None, null));

    public void Add(LinkFollower follower, StreamSignal signal) => Add(new Item(follower, default, signal, null));

    public void Refuse(LinkFollower follower, string sentence) => Add(new Item(follower, default, StreamSignal.None, sentence));

    public void CaughtUp(LinkFollower follower) => Add(new Item(follower, default, StreamSignal.None, null, IsCaughtUp: true));

    void Add(in Item item)
    {
        if (!_items.Writer.TryWrite(item))
        {
            item.Frame.Frame.Data.Release();   // the link is gone
        }
    }

    /// <summary>Sends until the link ends.</summary>
    public async Task Run(CancellationToken cancellation)
    {
        try
        {
            while (await _items.Reader.WaitToReadAsync(cancellation))
            {
                while (_items.Reader.TryRead(out var item))
                {
                    Write(item);
                    if (output.UnflushedBytes > 256 * 1_024)
                    {
                        await output.FlushAsync(cancellation);
                    }
                }

                var flushed = await output.FlushAsync(cancellation);
                if (flushed.IsCompleted)
                {
                    return;
                }
            }
        }
        finally
        {
            _items.Writer.TryComplete();
            while (_items.Reader.TryRead(out var item))
            {
                item.Frame.Frame.Data.Release();
            }
        }
    }

    void Write(in Item item)
    {
        if (item.Refusal is not null)
        {
            item.Follower.Writer.WriteRefusal(output, item.Refusal);
            return;
        }

        if (item.IsCaughtUp)
        {
            item.Follower.Writer.WriteCaughtUp(output);
            return;
        }

        if (item.Signal != StreamSignal.None)
        {
            item.Follower.Writer.Write(output, new FrameBatch(default, item.Signal));
            return;
        }

        item.Follower.Writer.Write(output, item.Frame);
        item.Frame.Frame.Data.Release();
        metrics.Sent(item.Frame.Frame.Data.Length);
    }
}

/// <summary>
/// One stream that another host follows over a link. Out of credit, it lets frames go until there is some again and a key frame comes: the slow
/// side alone misses something.
/// </summary>
sealed class LinkFollower(int subscription, LinkOutbox outbox, int window, FrameMetrics metrics) : IAsyncObserver<FrameBatch>
{
    readonly int _window = window;
    int _credit = window;
    bool _waitsForKey;

    public LinkWriter Writer { get; } = new(subscription);

    public StreamSubscriptionHandle<FrameBatch>? Handle { get; set; }

    public void Grant(int bytes)
    {
        // Never more than a window: a peer that grants without measure gains nothing.
        var current = Volatile.Read(ref _credit);
        while (Interlocked.CompareExchange(ref _credit, (int)Math.Min((long)current + bytes, _window), current) is var seen && seen != current)
        {
            current = seen;
        }
    }

    public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
    {
        foreach (ref readonly var frame in item.Frames.Span)
        {
            Offer(frame);
        }

        if (item.Signal != StreamSignal.None)
        {
            outbox.Add(this, item.Signal);
        }

        return Task.CompletedTask;
    }

    void Offer(in MarkedFrame marked)
    {
        var frame = marked.Frame;
        var startsAgain = frame.IsKey && frame.Track.Kind == TrackKind.Video && Volatile.Read(ref _credit) > _window / 2;
        if (_waitsForKey && !startsAgain || Volatile.Read(ref _credit) < frame.Data.Length)
        {
            _waitsForKey = true;
            metrics.Dropped(1);
            return;
        }

        _waitsForKey = false;
        Interlocked.Add(ref _credit, -frame.Data.Length);
        frame.Data.Retain();
        outbox.Add(this, marked);
    }

    public Task OnCompletedAsync() => Task.CompletedTask;

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}
