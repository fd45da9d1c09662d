using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// One stream in one format: the newest frames, muxed once, numbered, in memory that every viewer sends from. Frames come on the publisher's thread;
/// writer loops take what is new under one lock for all their viewers.
/// <para>
/// It holds everything since the last place where a viewer can begin, and <see cref="StreamingOptions.MaxLag"/> for those who are behind. Of several
/// tracks of a kind the first one is carried.
/// </para>
/// </summary>
sealed partial class MuxedStream : IAsyncObserver<FrameBatch>, IDisposable
{
    readonly IStreamMuxer _muxer;
    readonly StreamingOptions _options;
    readonly StreamingMetrics _metrics;
    readonly FrameArena _arena;
    readonly Lock _gate = new();
    readonly Queue<MuxedFrame> _frames = new();
    readonly List<Frame> _held = [];
    readonly MuxedTrack _video = new(1), _audio = new(101);
    ViewerGroup[] _readers = [];
    Announcement _announcement = Announcement.None;
    long _first, _next, _lastJoin = -1;
    long _bytes, _startTime = long.MinValue, _newest, _shift, _lastJoinTime = long.MinValue / 2;
    bool _isOpen, _ended, _disposed;

    public MuxedStream(string name, StreamFormat format, StreamingOptions options, StreamingMetrics metrics, FramePool pool)
    {
        (Name, Format, _options, _metrics, _arena) = (name, format, options, metrics, new FrameArena(pool));
        _muxer = format switch
        {
            StreamFormat.Flv => new FlvMuxer(),
            StreamFormat.Rtmp => new RtmpMuxer(),
            _ => new TsMuxer(),
        };
    }

    public string Name { get; }

    public StreamFormat Format { get; }

    /// <summary>What is known of the tracks now.</summary>
    public Announcement Announcement => Volatile.Read(ref _announcement);

    /// <summary>Whether the stream went off air: viewers get what there is and are let go.</summary>
    public bool Ended => Volatile.Read(ref _ended);

    /// <summary>Viewers of one loop, who are told of new frames.</summary>
    public void AddReader(ViewerGroup group)
    {
        lock (_gate)
        {
            _readers = [.. _readers, group];
        }

        group.Signal();
    }

    public void RemoveReader(ViewerGroup group)
    {
        lock (_gate)
        {
            _readers = [.. _readers.Where(other => other != group)];
        }
    }

    Task IAsyncObserver<FrameBatch>.OnNextAsync(FrameBatch batch, StreamSequenceToken? token)
    {
        Append(batch.Frames.Span, batch.Signal);
        return Task.CompletedTask;
    }

    Task IAsyncObserver<FrameBatch>.OnCompletedAsync() => Task.CompletedTask;

    Task IAsyncObserver<FrameBatch>.OnErrorAsync(Exception ex) => Task.CompletedTask;

    /// <summary>Takes over frames in the order in which they were marked; their references stay the caller's.</summary>
    public void Append(ReadOnlySpan<MarkedFrame> batch, StreamSignal signal)
    {
        ViewerGroup[] readers;
        var isSound = signal == StreamSignal.None;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            // Catching up: what is older than the last key frame would never be sent.
            foreach (ref readonly var marked in batch[LastJoinOf(batch)..])
            {
                Take(marked.Frame);
                isSound &= marked.Frame.Track.Kind == TrackKind.Audio;
            }

            if (signal == StreamSignal.OffAir)
            {
                Open();
            }

            _ended = signal == StreamSignal.OffAir || (_ended && batch.IsEmpty);
            readers = _readers;
        }

        foreach (var reader in readers)
        {
            reader.Signal(isSound);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = _ended = true;
            while (_frames.Count > 0)
            {
                DropOldest();
            }

            _held.ForEach(static frame => frame.Data.Release());
            _held.Clear();
            _arena.Dispose();
        }
    }

    static int LastJoinOf(ReadOnlySpan<MarkedFrame> batch)
    {
        for (var i = batch.Length - 1; i > 0; i--)
        {
            if (batch[i].Frame is { IsKey: true, Track.Kind: TrackKind.Video })
            {
                return i;
            }
        }

        return 0;
    }
}
