namespace Tributary.Grains.LiveStreams;

/// <summary>Where the next source of a stream goes on.</summary>
/// <param name="FirstMsn">Its first number.</param>
/// <param name="DiscontinuitySequence">Discontinuities before that number.</param>
/// <param name="StartsDiscontinuity">Whether one stands before it.</param>
/// <param name="Start90k">Its place on the stream's timeline, in 90 kHz ticks.</param>
/// <param name="Time">Wall clock of the media that comes there; null: whatever comes next.</param>
sealed record Resumption(long FirstMsn, long DiscontinuitySequence, bool StartsDiscontinuity, long Start90k, DateTimeOffset? Time = null)
{
    /// <summary>Numbers before <see cref="FirstMsn"/> that are closed as gaps, where they begin, and the wall clock there.</summary>
    public int Gaps { get; init; }

    public long GapStart90k { get; init; }

    public DateTimeOffset? GapTime { get; init; }

    /// <summary>Start of the first segment after the last discontinuity, where that is known.</summary>
    public long? RunStart90k { get; init; }

    /// <summary>Stream timeline minus the source's own, where that is known.</summary>
    public long? Offset90k { get; init; }

    /// <summary>EXT-X-TARGETDURATION in seconds, where other renditions have settled it; else 0.</summary>
    public int TargetDuration { get; init; }

    /// <summary>How long the segments of other renditions are, in 90 kHz ticks; 0 where there are none.</summary>
    public long Pace90k { get; init; }

    /// <summary>Where other renditions begin a segment, or the entry's numbering goes on.</summary>
    public static Resumption At(RenditionStart at) =>
        new(at.Msn, at.DiscontinuitySequence - (at.StartsDiscontinuity ? 1 : 0), at.StartsDiscontinuity, at.Start90k, at.Time)
        {
            Offset90k = at.Offset90k,
            RunStart90k = at.RunStart90k,
            TargetDuration = at.TargetDuration,
            Pace90k = at.Pace90k,
        };

    /// <summary>Where nothing that was listed is touched: the open number is begun anew, or, with parts listed, is a gap.</summary>
    /// <param name="free">Numbers after a gap that are closed with it: they may be listed without anybody knowing.</param>
    public static Resumption At(WindowEdge edge, int free = 0) => edge.PartsSent
        ? new(edge.Msn + 1 + free, edge.DiscontinuitySequence, edge.StartsDiscontinuity, edge.End90k, edge.StartTime)
        {
            Gaps = 1 + free,
            GapStart90k = edge.Start90k,
            GapTime = edge.StartTime,
        }
        : new(edge.Msn, edge.DiscontinuitySequence, edge.StartsDiscontinuity, edge.Start90k, edge.StartTime);

    /// <summary>The lost source's own word; gateways may have come further.</summary>
    public static WindowEdge EdgeOf(SourceReport last)
    {
        var cuts = last.NextMsn > last.OpenMsn;
        return new WindowEdge
        {
            Msn = last.OpenMsn,
            PartsSent = false,
            Start90k = last.Open90k,
            End90k = last.Open90k,
            StartTime = last.OpenTime,
            DiscontinuitySequence = last.DiscontinuitySequence - (cuts && last.OpenStartsDiscontinuity ? 1 : 0),
            StartsDiscontinuity = last.OpenStartsDiscontinuity,
        };
    }

    /// <summary>The furthest that anybody came.</summary>
    public static WindowEdge? Furthest(IEnumerable<WindowEdge> edges) => edges.Aggregate(
        (WindowEdge?)null,
        (furthest, edge) => furthest is null || edge.Msn > furthest.Msn ? edge
            : edge.Msn < furthest.Msn || !edge.PartsSent ? furthest
            : furthest with { PartsSent = true, End90k = Math.Max(furthest.End90k, edge.End90k) });

    /// <summary>The same for a source whose timeline is known: it goes on without a discontinuity, unless the number itself had one.</summary>
    /// <param name="offset90k">Stream timeline, as it was, minus the source's own.</param>
    public Resumption Aligned(long offset90k)
    {
        var shift90k = Gaps > 0 ? Start90k - GapStart90k : 0;
        return this with
        {
            Offset90k = offset90k + shift90k,
            Time = Time + TimeSpan.FromTicks(shift90k * (TimeSpan.TicksPerSecond / 10_000) / 9),
        };
    }
}
