using Orleans.Streams;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames;

/// <summary>
/// The frames of one stream on one host: a ring with the window's frames, and whoever on this host follows them. It is fed by the hub of a
/// publisher on this host, or by the one link to the host that has it; either way subscribers see the same sequence.
/// </summary>
/// <remarks>
/// Delivery is synchronous on the feeder's thread. A subscriber that does not finish at once is left out until its task ends and then goes on
/// at the next key frame of the leading track; the feeder never waits for it.
/// </remarks>
public sealed class FrameChannel(string stream, FrameChannelOptions options, FrameMetrics metrics, TimeProvider time)
{
    readonly Lock _lock = new();
    readonly Queue<MarkedFrame> _ring = new();
    FrameSubscription[] _subscriptions = [];
    long _ringBytes;
    StreamSignal _signal;
    bool _givenUp;
    long _epoch;
    long _epochFirstMsn;
    long _lastPublished = time.GetTimestamp();

    public string Stream => stream;

    /// <summary>Number of the newest segment that has a frame here; -1 where there is none.</summary>
    public long NewestMsn { get; private set; } = -1;

    public int Subscribers => _subscriptions.Length;

    /// <summary>Time since anything was published here.</summary>
    public TimeSpan Idle => time.GetElapsedTime(Interlocked.Read(ref _lastPublished));

    /// <summary>Frames in the ring and their bytes.</summary>
    public (int Frames, long Bytes) Kept
    {
        get
        {
            lock (_lock)
            {
                return (_ring.Count, _ringBytes);
            }
        }
    }

    /// <summary>
    /// Keeps the frames, lets go of those that left the window, and hands the batch on. Called by one feeder at a time. False: the channel was
    /// given up, open another.
    /// </summary>
    public bool TryPublish(in FrameBatch batch)
    {
        lock (_lock)
        {
            if (_givenUp)
            {
                return false;
            }

            Interlocked.Exchange(ref _lastPublished, time.GetTimestamp());
            if (IsOfAReplacedSource(batch))
            {
                metrics.Outdated(Math.Max(batch.Frames.Length, 1));
                return true;
            }

            foreach (ref readonly var frame in batch.Frames.Span)
            {
                Keep(frame);
            }

            _signal = batch.Signal != StreamSignal.None ? batch.Signal : batch.Frames.IsEmpty ? _signal : StreamSignal.None;
            foreach (var subscription in _subscriptions)
            {
                subscription.Offer(batch);
            }

            return true;
        }
    }

    /// <summary>
    /// Subscribes from the start of segment <paramref name="fromMsn"/>, or from the oldest in the window where that is newer. Catch-up is
    /// delivered before this returns, and the live frames follow it without a hole. Null: the channel was given up, open another.
    /// </summary>
    internal FrameSubscription? TrySubscribe(IAsyncObserver<FrameBatch> observer, long fromMsn, FrameStream origin)
    {
        lock (_lock)
        {
            if (_givenUp)
            {
                return null;
            }

            var subscription = new FrameSubscription(this, observer, metrics, origin);
            var past = _ring.Where(frame => frame.Segment.Msn >= fromMsn).ToArray();
            if (past.Length > 0 || _signal != StreamSignal.None)
            {
                subscription.Offer(new FrameBatch(past, _signal));
            }

            _subscriptions = [.. _subscriptions, subscription];
            return subscription;
        }
    }

    internal void Unsubscribe(FrameSubscription subscription)
    {
        lock (_lock)
        {
            _subscriptions = [.. _subscriptions.Where(other => other != subscription)];
        }
    }

    /// <summary>Lets go of every frame, and gives the channel up where nobody follows it.</summary>
    public bool TryGiveUp()
    {
        lock (_lock)
        {
            while (_ring.Count > 0)
            {
                DropOldest();
            }

            return _givenUp = _subscriptions.Length == 0;
        }
    }

    // Two publishers on one host share its channel. Once a newer epoch has begun, the older one has nothing to say about its numbers any more;
    // late frames of the segment before are still welcome. A batch has one source, so its first frame speaks for all.
    bool IsOfAReplacedSource(in FrameBatch batch)
    {
        if (batch.Frames.IsEmpty)
        {
            return batch.Epoch < _epoch;
        }

        var segment = batch.Frames.Span[0].Segment;
        if (segment.Epoch > _epoch)
        {
            (_epoch, _epochFirstMsn) = (segment.Epoch, segment.Msn);
            DropReplaced(segment);
        }

        return segment.Epoch < _epoch && segment.Msn >= _epochFirstMsn;
    }

    // What an older source had of the numbers that a newer one begins is void; what lies before a hole helps nobody who joins late.
    void DropReplaced(SegmentMark first)
    {
        var kept = first.Msn - first.GapsBefore;
        if (NewestMsn < kept - 1)
        {
            kept = 0;
        }

        for (var left = NewestMsn < kept ? 0 : _ring.Count; left > 0; left--)
        {
            var frame = _ring.Dequeue();
            if (frame.Segment.Msn < kept)
            {
                _ring.Enqueue(frame);
                continue;
            }

            _ringBytes -= frame.Frame.Data.Length;
            frame.Frame.Data.Release();
        }

        NewestMsn = Math.Min(NewestMsn, kept - 1);
    }

    void Keep(in MarkedFrame frame)
    {
        frame.Frame.Data.Retain();
        _ring.Enqueue(frame);
        _ringBytes += frame.Frame.Data.Length;
        NewestMsn = Math.Max(NewestMsn, frame.Segment.Msn);
        var oldestKept = frame.Segment.Start90k - (long)(options.Window.TotalSeconds * MediaTime.Hz90k);
        while (_ring.Peek() is var oldest && oldest.Segment.Start90k < oldestKept)
        {
            DropOldest();
        }

        // A segment that is over the limit goes as a whole, with the late frames of the one before that lie in it: subscribers always start at
        // the start of one.
        while (_ringBytes > options.MaxBytes && _ring.Peek().Segment.Msn < frame.Segment.Msn)
        {
            var msn = _ring.Peek().Segment.Msn;
            metrics.RingOverflowed();
            while (_ring.TryPeek(out var over) && over.Segment.Msn <= msn)
            {
                DropOldest();
            }
        }
    }

    void DropOldest()
    {
        var frame = _ring.Dequeue();
        _ringBytes -= frame.Frame.Data.Length;
        frame.Frame.Data.Release();
    }
}

/// <summary>How much of every stream a host keeps for those who join ("Frames").</summary>
public sealed class FrameChannelOptions
{
    /// <summary>Media time that is kept for subscribers that join late.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of frames per stream; over it the oldest segments go early, and a counter says so.</summary>
    public long MaxBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Streams whose frames this host keeps at the same time.</summary>
    public int MaxStreams { get; set; } = 10_000;
}
