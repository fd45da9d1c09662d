using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// One stream in one format: the newest frames, muxed once, numbered, in memory that every viewer sends from. Frames come on the publisher's thread;
/// writer loops take what is new under one lock for all their viewers.
/// <para>
/// It holds everything since the last place where a viewer can begin, and <see cref="StreamingOptions.MaxLag"/> for those who are behind. Of several
/// tracks of a kind the first one is carried.
/// </para>
/// </summary>
sealed class MuxedStream : IAsyncObserver<FrameBatch>, IDisposable
{
    const int Milliseconds = 1_000;
    const long JumpBack = 1_000, AudioJoins = 1_000, TracksKnown = 500;

    readonly IStreamMuxer _muxer;
    readonly StreamingOptions _options;
    readonly StreamingMetrics _metrics;
    readonly FrameArena _arena;
    readonly Lock _gate = new();
    readonly Queue<MuxedFrame> _frames = new();
    readonly List<Frame> _held = [];
    readonly Track _video = new(1), _audio = new(101);
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

    /// <summary>Frames that are kept, and their bytes.</summary>
    public (int Frames, long Bytes) Kept
    {
        get
        {
            lock (_gate)
            {
                return (_frames.Count, _bytes);
            }
        }
    }

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

    /// <summary>
    /// Copies the frames from number <paramref name="from"/> on, or from the newest place where a viewer can begin if that is wanted and older. The
    /// caller gives back a reference for each.
    /// </summary>
    public Snapshot Take(long from, bool withJoin, ref MuxedFrame[] frames)
    {
        lock (_gate)
        {
            var join = JoinOrNone();
            var start = Math.Clamp(withJoin && join >= 0 ? Math.Min(from, join) : from, _first, _next);
            if (_next - start > frames.Length)
            {
                frames = new MuxedFrame[Math.Max(_next - start, 2 * frames.Length)];
            }

            var index = _first - start;
            foreach (var frame in _frames)
            {
                if (index >= 0)
                {
                    frame.Bytes.Retain();
                    frames[index] = frame;
                }

                index++;
            }

            return new Snapshot(start, _next, _first, join, _announcement, _ended);
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

    // The first frames are held until the second track has shown itself: tables or a header that do not name it stay wrong for who began with them.
    void Take(in Frame frame)
    {
        if (_isOpen)
        {
            Append(frame);
        }
        else if (_muxer.Carries(frame.Track))
        {
            frame.Data.Retain();
            _held.Add(frame);
            if (_held[0].Track.Kind != frame.Track.Kind || Milliseconds * (frame.Dts - _held[0].Dts) >= TracksKnown * frame.Track.Timescale)
            {
                Open();
            }
        }
    }

    void Open()
    {
        _isOpen = true;
        foreach (var frame in _held)
        {
            var track = frame.Track.Kind == TrackKind.Video ? _video : _audio;
            if (track.Takes(frame.Track, out var isNew) && isNew)
            {
                Announce(track);
            }
        }

        foreach (var frame in _held)
        {
            Append(frame);
            frame.Data.Release();
        }

        _held.Clear();
    }

    void Append(in Frame frame)
    {
        var track = frame.Track.Kind == TrackKind.Video ? _video : _audio;
        if (!_muxer.Carries(frame.Track) || !track.Takes(frame.Track, out var isNew))
        {
            return;
        }

        // 1. Time, in ms and never far back: a viewer's clock goes on whatever the source does.
        var time = MediaTime.RescaleNearest(frame.Dts, frame.Track.Timescale, Milliseconds) + _shift;
        if (_startTime == long.MinValue)
        {
            (_shift, _startTime, time) = (-time, 0, 0);
        }
        else if (time < _newest - JumpBack)
        {
            _shift += _newest - time;
            time = _newest;
        }

        time = Math.Max(time, track.Last >= 0 ? track.LastTime : time);
        _newest = Math.Max(_newest, time);

        // 2. What decoders need to know before.
        if (isNew)
        {
            Announce(track);
            Tell(track, time);
        }

        // 3. The frame, and what nobody can still want.
        var joins = Joins(frame, time);
        var (bytes, length) = _muxer.Write(frame with { Track = track.AsDefault! }, time, track.Step(time), joins, _arena);
        Keep(bytes, length, track, time, joins);
        LetGo();
    }

    // Those who join are told of everything at once.
    void Announce(Track track)
    {
        var (video, audio) = (_video.AsDefault, _audio.AsDefault);
        var configuration = FlvFromFrames.Configuration(track.AsDefault!);
        var announcement = _announcement with { Video = video, Audio = audio, Metadata = FlvMetadata.Write(video, audio) };
        announcement = track == _video
            ? announcement with { VideoConfiguration = configuration }
            : announcement with { AudioConfiguration = configuration };
        Volatile.Write(ref _announcement, announcement);
        _muxer.Announce(announcement);
    }

    // Those who watch get the configuration as a frame of its own.
    void Tell(Track track, long time)
    {
        var configuration = FlvFromFrames.Configuration(track.AsDefault!);
        if (configuration.Length > 0)
        {
            var (bytes, length) = _muxer.Configure(track.Kind, configuration, time, track.Step(time), _arena);
            if (bytes.Length > 0)
            {
                Keep(bytes, length, track, time, joins: false);
            }
        }
    }

    // Where there are pictures, at their key frames; in sound alone, once a second.
    bool Joins(in Frame frame, long time)
    {
        if (frame.Track.Kind == TrackKind.Video)
        {
            return frame.IsKey;
        }

        var lastPicture = _video.Last >= 0 ? _video.LastTime : _startTime;
        return time - lastPicture >= AudioJoins && time - _lastJoinTime >= AudioJoins;
    }

    void Keep(FrameData bytes, int length, Track track, long time, bool joins)
    {
        _frames.Enqueue(new MuxedFrame(bytes, track.Kind, time, track.Last, length, joins));
        _bytes += bytes.Length;
        (track.Last, track.LastTime) = (_next, time);
        if (joins)
        {
            (_lastJoin, _lastJoinTime) = (_next, time);
        }

        _next++;
    }

    void LetGo()
    {
        while (_frames.TryPeek(out var oldest))
        {
            var overBytes = _bytes > _options.MaxBytes && _frames.Count > 1;
            var old = _first < _lastJoin && _newest - oldest.Time > (long)_options.MaxLag.TotalMilliseconds;
            if (!overBytes && !old)
            {
                return;
            }

            if (overBytes && !old)
            {
                _metrics.Overflowed();
            }

            DropOldest();
        }
    }

    void DropOldest()
    {
        var frame = _frames.Dequeue();
        _bytes -= frame.Bytes.Length;
        _first++;
        frame.Bytes.Release();
    }

    long JoinOrNone() => _lastJoin >= _first ? _lastJoin : -1;

    /// <summary>One of the two tracks that are carried, under the number that formats of one track per kind have for it.</summary>
    sealed class Track(int defaultId)
    {
        TrackInfo? _info;

        public TrackKind Kind => defaultId == 1 ? TrackKind.Video : TrackKind.Audio;

        public TrackInfo? AsDefault { get; private set; }

        public long Last { get; set; } = -1;

        public long LastTime { get; set; }

        public long Step(long time) => Last < 0 ? 0 : time - LastTime;

        /// <summary>Whether a frame of that track is carried; <paramref name="isNew"/> where decoders must be told about it first.</summary>
        public bool Takes(TrackInfo info, out bool isNew)
        {
            isNew = false;
            if (ReferenceEquals(info, _info))
            {
                return true;
            }

            if (_info is { } known && known.Id != info.Id)
            {
                return false;
            }

            isNew = AsDefault is null || !AsDefault.IsSameConfiguration(info);
            _info = info;
            AsDefault = info with { Id = defaultId };
            return true;
        }
    }
}

/// <summary>What a loop took: frames <paramref name="Start"/> to before <paramref name="End"/>; older ones than <paramref name="First"/> are gone.</summary>
/// <param name="Join">The newest place where a viewer can begin; -1 where there is none.</param>
readonly record struct Snapshot(long Start, long End, long First, long Join, Announcement Announcement, bool Ended);
