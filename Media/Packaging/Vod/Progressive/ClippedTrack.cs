using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Progressive;

/// <summary>The frames of a track that a clip keeps, as its tables will say them: times begin at 0, places are still those of the source.</summary>
sealed class ClippedTrack(SourceTrack source, SourceFrame[] frames)
{
    public SourceTrack Source => source;

    public ReadOnlySpan<SourceFrame> Frames => frames;

    public long Start => frames.Min(frame => frame.Offset);

    public long End => frames.Max(frame => frame.Offset + frame.Size);

    /// <summary>Ticks.</summary>
    public long Duration => frames.Sum(frame => (long)frame.Duration);

    /// <summary>
    /// Takes the frames from the one that is under way at <paramref name="from"/> on, as many as fit before <paramref name="to"/>, in milliseconds of the
    /// media's own time.
    /// </summary>
    /// <returns>Null where the file's tables do not give them, or <paramref name="most"/> does not suffice; without frames where the clip lies beyond the end.</returns>
    public static ClippedTrack? Take(SourceTrack track, long from, long? to, int most)
    {
        var scale = track.Info.Timescale;
        var first = FrameAt(track, from * scale / 1000);
        var end = to is { } limit ? FrameAt(track, track.DecodeTimeOf(first) + (limit - from) * scale / 1000) : track.FrameCount;
        if (end - first > most)
        {
            return null;
        }

        var frames = new SourceFrame[Math.Max(0, end - first)];
        return track.Read(first, frames) == frames.Length ? new(track, frames) : null;
    }

    static int FrameAt(SourceTrack track, long time)
    {
        var frame = track.FindFrame(time);
        return frame > 0 && time < track.Duration && (frame == track.FrameCount || track.DecodeTimeOf(frame) > time) ? frame - 1 : frame;
    }
}
