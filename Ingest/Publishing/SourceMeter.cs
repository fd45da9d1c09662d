using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Publishing;

/// <summary>How one source does: rates, tracks and distances, counted as its frames pass.</summary>
sealed class SourceMeter(FaultOptions faults, TimeProvider time)
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    readonly Dictionary<int, TrackMeter> _tracks = [];
    long _windowStart = time.GetTimestamp();
    long _windowBytes;
    long _bitrate;
    long _lastFrame = time.GetTimestamp();
    long _lastKey = time.GetTimestamp();
    long _lastVideo = time.GetTimestamp();
    long _windowPlace90k = long.MinValue;
    long _place90k = long.MinValue;
    bool _standsStill;
    bool _sawVideo;
    TimeSpan _keyInterval;
    bool _hasBFrames;
    bool _sawKey;

    public long Frames { get; private set; }

    public long Bytes { get; private set; }

    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref _lastFrame));

    /// <summary>What is wrong with the source now. One that never had a picture needs none.</summary>
    public SourceFault Fault =>
        Silence >= faults.Silence ? SourceFault.Silent
        : _standsStill || _sawVideo && (Since(ref _lastVideo) >= faults.Stall || Since(ref _lastKey) >= faults.KeyFrame) ? SourceFault.Stalled
        : SourceFault.None;

    /// <summary>How long until the source is silent if no frame comes; zero where it is already.</summary>
    public TimeSpan UntilSilent => faults.Silence - Silence is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Notes how far the source's timeline came: frames whose time stands still are no programme.</summary>
    public void Placed(long place90k) => _place90k = Math.Max(_place90k, place90k);

    TimeSpan Since(ref long timestamp) => time.GetElapsedTime(Interlocked.Read(ref timestamp));

    public void Count(in Frame frame)
    {
        var now = time.GetTimestamp();
        Interlocked.Exchange(ref _lastFrame, now);
        Frames++;
        Bytes += frame.Data.Length;
        _windowBytes += frame.Data.Length;
        var track = TrackOf(frame.Track);
        track.Frames++;
        track.Bytes += frame.Data.Length;
        if (frame.Track.Kind == TrackKind.Video)
        {
            _hasBFrames |= frame.CompositionOffset != 0 && !frame.IsKey;
            Interlocked.Exchange(ref _lastVideo, now);
            _sawVideo = true;
            CountKey(frame, now);
        }

        Roll(now);
    }

    void CountKey(in Frame frame, long now)
    {
        if (!frame.IsKey)
        {
            return;
        }

        var distance = time.GetElapsedTime(_lastKey, now);
        if (_sawKey && distance > _keyInterval)
        {
            _keyInterval = distance;
        }

        Interlocked.Exchange(ref _lastKey, now);
        _sawKey = true;
    }

    void Roll(long now)
    {
        var elapsed = time.GetElapsedTime(_windowStart, now);
        if (elapsed < Window)
        {
            return;
        }

        _bitrate = (long)(_windowBytes * 8 / elapsed.TotalSeconds);
        foreach (var track in _tracks.Values)
        {
            track.MilliFramesPerSecond = (int)(track.Frames * 1_000 / elapsed.TotalSeconds);
            track.Bitrate = (long)(track.Bytes * 8 / elapsed.TotalSeconds);
            (track.Frames, track.Bytes) = (0, 0);
        }

        // A quarter of real time, over at least two seconds, is slower than any encoder that still encodes.
        _standsStill = _windowPlace90k != long.MinValue && MediaTime.ToTimeSpan(_place90k - _windowPlace90k, MediaTime.Hz90k) < elapsed / 4;
        (_windowStart, _windowBytes, _windowPlace90k) = (now, 0, _place90k);
    }

    TrackMeter TrackOf(TrackInfo info)
    {
        if (!_tracks.TryGetValue(info.Id, out var track))
        {
            _tracks.Add(info.Id, track = new TrackMeter());
        }

        track.Info = info;
        return track;
    }

    public SourceHealth Read(long mended, long dropped) => new()
    {
        Tracks = [.. _tracks.OrderBy(pair => pair.Key).Select(pair => pair.Value.Summary())],
        Bitrate = _bitrate,
        Frames = Frames,
        Dropped = dropped,
        Mended = mended,
        SinceKeyFrame = time.GetElapsedTime(_lastKey),
        Silence = Silence,
        HasBFrames = _hasBFrames,
        KeyFrameInterval = _keyInterval,
    };

    sealed class TrackMeter
    {
        public TrackInfo Info { get; set; } = null!;

        public int Frames { get; set; }

        public long Bytes { get; set; }

        public long Bitrate { get; set; }

        public int MilliFramesPerSecond { get; set; }

        public TrackSummary Summary() => new()
        {
            Id = Info.Id,
            Codec = Info.Codec.DisplayName(),
            CodecString = Info.CodecString,
            Width = Info.Width,
            Height = Info.Height,
            MilliFramesPerSecond = Info.Kind == TrackKind.Video ? MilliFramesPerSecond : 0,
            SampleRate = Info.SampleRate,
            Channels = Info.Channels,
            Bitrate = Bitrate,
        };
    }
}
