using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Dash;

/// <summary>The segments of one track in one period, as a SegmentTimeline counts them (ISO/IEC 23009-1 §5.3.9.6).</summary>
sealed class DashTimeline
{
    readonly DashPeriod _period;
    readonly long _end;

    public DashTimeline(WindowView view, TrackView track, DashPeriod period, bool withOpen)
    {
        (Track, _period) = (track, period);
        First = period.From;
        var end = Math.Min(period.End, DashPeriod.EndOf(view, track, withOpen));
        for (var msn = First; msn < end; msn++)
        {
            var (init, parts, ticks) = msn < track.End ? Complete(view, msn) : Open(view);
            Init ??= init;
            Entries.Add((parts[0].Frames[0].Pts, ticks));
            _end = parts[0].Frames[0].Pts + parts.Sum(part => part.Duration);
        }
    }

    public TrackView Track { get; }

    /// <summary>Number of the first entry.</summary>
    public long First { get; }

    /// <summary>Presentation time and duration of each segment in ticks of the track.</summary>
    public List<(long Time, long Ticks)> Entries { get; } = [];

    /// <summary>What a player needs before the first; one for all, since a new configuration begins a period.</summary>
    public InitSegment? Init { get; private set; }

    /// <summary>The period's start in ticks of the track (presentationTimeOffset).</summary>
    public long Offset => MediaTime.RescaleNearest(_period.Start90k, MediaTime.Hz90k, Track.Info.Timescale);

    /// <summary>From the period's start to the end of the last part: what is there, not what is expected.</summary>
    public TimeSpan Length => Entries.Count > 0 ? MediaTime.ToTimeSpan(_end - Offset, Track.Info.Timescale) : TimeSpan.Zero;

    (InitSegment? Init, TrackPart[] Parts, long Ticks) Complete(WindowView view, long msn)
    {
        var segment = view.Segment(Track, msn)!.Track(Track.Slot)!;
        return (segment.Init, segment.Parts, segment.Duration);
    }

    // How long it becomes is not known while it is cut: as long as the one before it, and the next manifest says what came of it.
    (InitSegment? Init, TrackPart[] Parts, long Ticks) Open(WindowView view) =>
        (Track.OpenInit, Track.Parts, Entries is [.., var last] ? last.Ticks : view.TargetDuration * (long)Track.Info.Timescale);
}
