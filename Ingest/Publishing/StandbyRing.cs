using Tributary.Media.Frames;

namespace Tributary.Ingest.Publishing;

/// <summary>A frame of a source that is not on air, and when it came.</summary>
readonly record struct StandbyFrame(Frame Frame, DateTimeOffset Arrived);

/// <summary>
/// The last frames of a source on standby, from a key frame on: what lets it go on air where the lost source's last segment ended instead of at its
/// own next key frame. Holds a reference to each.
/// </summary>
sealed class StandbyRing(TimeSpan window, long maxBytes)
{
    readonly Queue<StandbyFrame> _frames = new();
    readonly Queue<long> _laterKeys = new();   // times of the key frames after the first: where the groups of pictures begin
    readonly long _window90k = MediaTime.Rescale(window.Ticks, (int)TimeSpan.TicksPerSecond, MediaTime.Hz90k);
    TrackKind _leading = TrackKind.Audio;
    long _bytes;

    public IReadOnlyCollection<StandbyFrame> Frames => _frames;

    /// <summary>Presentation time of the first frame in 90 kHz ticks; null while there is none.</summary>
    public long? First90k => _frames.TryPeek(out var first) ? first.Frame.Pts90k : null;

    /// <summary>The track that decides where a segment may start; null while there is none.</summary>
    public TrackInfo? Leader => _frames.TryPeek(out var first) ? first.Frame.Track : null;

    /// <summary>Takes over a frame's reference. Nothing is kept before the first key frame of the picture.</summary>
    public void Add(in Frame frame, DateTimeOffset arrived)
    {
        if (frame.Track.Kind == TrackKind.Video && _leading == TrackKind.Audio)
        {
            _leading = TrackKind.Video;   // audio before the first picture begins nothing
            Clear();
        }

        if (_frames.Count == 0 && !Leads(frame))
        {
            frame.Data.Release();
            return;
        }

        if (_frames.Count > 0 && Leads(frame))
        {
            _laterKeys.Enqueue(frame.Pts90k);
        }

        _frames.Enqueue(new StandbyFrame(frame, arrived));
        _bytes += frame.Data.Length;
        while (_frames.Count > 1 && (_bytes > maxBytes || IsOld(frame)))
        {
            DropGroup();
        }
    }

    public void Clear()
    {
        while (_frames.Count > 0)
        {
            DropOldest();
        }

        _laterKeys.Clear();
    }

    /// <summary>Gives all frames, whose references are the caller's from here on.</summary>
    public StandbyFrame[] Take()
    {
        var taken = _frames.ToArray();
        _frames.Clear();
        _laterKeys.Clear();
        _bytes = 0;
        return taken;
    }

    bool Leads(in Frame frame) => frame.IsKey && frame.Track.Kind == _leading;

    // The oldest group of pictures goes when the one after it is old enough by itself.
    bool IsOld(in Frame newest) => _laterKeys.TryPeek(out var second) && second <= newest.Pts90k - _window90k;

    void DropGroup()
    {
        do
        {
            DropOldest();
        }
        while (_frames.TryPeek(out var next) && !Leads(next.Frame));
        _laterKeys.TryDequeue(out _);
    }

    void DropOldest()
    {
        var oldest = _frames.Dequeue();
        _bytes -= oldest.Frame.Data.Length;
        oldest.Frame.Data.Release();
    }
}
