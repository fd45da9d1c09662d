using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>What a track's complete segments have shown.</summary>
public readonly record struct TrackMeasure
{
    ulong Configuration { get; init; }

    /// <summary>
    /// Bits per second of the busiest segment in CMAF form since the configuration began. A segment shorter than half a target duration counts
    /// as that long, as RFC 8216 §4.3.4.2 measures peaks.
    /// </summary>
    public long PeakBitrate { get; private init; }

    /// <summary>The same for the transport stream form: an upper bound.</summary>
    public long PeakTsBitrate { get; private init; }

    /// <summary>Frames per second times 1,000: declared, or counted in the configuration's first segment that is long enough to tell; else 0.</summary>
    public int MilliFramesPerSecond { get; private init; }

    internal TrackMeasure With(TrackSegment segment, int targetDuration)
    {
        if (segment.Init is not { } init || segment.Duration <= 0)
        {
            return this;
        }

        var same = Configuration == init.Number ? this : new TrackMeasure { Configuration = init.Number };
        var ticks = Math.Max(segment.Duration, (long)targetDuration * segment.Timescale / 2);
        return same with
        {
            PeakBitrate = Math.Max(same.PeakBitrate, BitsPerSecond(segment.Length, ticks, segment.Timescale)),
            PeakTsBitrate = Math.Max(same.PeakTsBitrate, BitsPerSecond(segment.TsLengthBound, ticks, segment.Timescale)),
            MilliFramesPerSecond = same.MilliFramesPerSecond > 0 ? same.MilliFramesPerSecond : FrameRate(init.Track, segment),
        };
    }

    internal static long BitsPerSecond(long bytes, long ticks, int timescale) => (bytes * 8 * timescale + ticks - 1) / ticks;

    static int FrameRate(TrackInfo track, TrackSegment segment)
    {
        if (track.Kind != TrackKind.Video || track.MilliFramesPerSecond > 0)
        {
            return track.MilliFramesPerSecond;
        }

        return segment.Duration < segment.Timescale / 2
            ? 0
            : (int)((segment.FrameCount * 1_000L * segment.Timescale + segment.Duration / 2) / segment.Duration);
    }
}
