using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Publishing;

/// <summary>How one source does: rates, tracks and distances, counted as its frames pass.</summary>
sealed class SourceMeter(TimeProvider time)
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    readonly Dictionary<int, TrackMeter> _tracks = [];
    long _windowStart = time.GetTimestamp();
    long _windowBytes;
    long _bitrate;
    long _lastFrame = time.GetTimestamp();
    long _lastKey = time.GetTimestamp();
    TimeSpan _keyInterval;
    bool _hasBFrames;
    bool _sawKey;

    public long Frames { get; private set; }

    public long Bytes { get; private set; }

    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref _lastFrame));

    public void Count(in Frame frame)
    {
        var now = time.GetTimestamp();
        Interlocked.Exchange(ref _lastFrame, now);
        Frames++;
        Bytes += frame.Data.Length;
        _windowBytes += frame.Data.Length;
        TrackOf(frame.Track).Frames++;
        if (frame.Track.Kind == TrackKind.Video)
        {
            _hasBFrames |= frame.CompositionOffset != 0 && !frame.IsKey;
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

        (_lastKey, _sawKey) = (now, true);
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
            track.Frames = 0;
        }

        (_windowStart, _windowBytes) = (now, 0);
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
        };
    }
}
