using Tributary.Media.Frames;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// What an encoder said to its viewers, until a frame carries it: a picture, or sound where no picture came for a second. Bounded in number, since frames
/// may stay away, and over time, since rings count the bytes of frames alone.
/// </summary>
sealed class SaidQueue(int maxPerSecond, PublishMetrics metrics)
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // An encoder that stamps all it says with zero, or from another clock, means now.
    static readonly long Farthest90k = 10 * MediaTime.Hz90k;

    readonly Queue<(string Text, long Timestamp)> _said = new();
    TimeSpan? _secondBegan, _lastPicture;
    int _inSecond;

    /// <summary>Takes a text and its time as the wire gave it.</summary>
    public void Add(string text, long timestamp, TimeSpan at)
    {
        if (!(at - _secondBegan < Second))
        {
            (_secondBegan, _inSecond) = (at, 0);
        }

        if (++_inSecond > maxPerSecond || _said.Count >= TimedMetadata.MaxPerFrame)
        {
            metrics.SaidTooMuch();
            return;
        }

        metrics.Said();
        _said.Enqueue((text, timestamp));
    }

    /// <summary>What <paramref name="frame"/> carries, for good; null: nothing.</summary>
    /// <param name="frame">The frame, as it is on the timeline.</param>
    /// <param name="timestamp">Its decoding time as the wire gave it.</param>
    /// <param name="clock">The clock of that.</param>
    /// <param name="at">When it came.</param>
    public TimedMetadata[]? TakeFor(in Frame frame, long timestamp, SourceClock clock, TimeSpan at)
    {
        _lastPicture = frame.Track.Kind == TrackKind.Video ? at : _lastPicture;
        if (_said.Count == 0 || frame.Track.Kind != TrackKind.Video && at - _lastPicture < Second)
        {
            return null;
        }

        var metadata = new TimedMetadata[_said.Count];
        for (var i = 0; i < metadata.Length; i++)
        {
            var (text, said) = _said.Dequeue();
            metadata[i] = new TimedMetadata(Offset90k(said - timestamp, clock), text);
        }

        return metadata;
    }

    // Both times are of one wire and near each other, so it does not matter what wrapped between them.
    static int Offset90k(long apart, SourceClock clock)
    {
        var unused = 64 - clock.WrapBits;
        var ticks90k = MediaTime.Rescale(apart << unused >> unused, clock.Hz, MediaTime.Hz90k);
        return ticks90k >= -Farthest90k && ticks90k <= Farthest90k ? (int)ticks90k : 0;
    }
}
