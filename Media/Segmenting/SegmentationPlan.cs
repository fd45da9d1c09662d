namespace Tributary.Media.Segmenting;

/// <summary>Under which lease segments are cut, and where on the stream's timeline cutting goes on.</summary>
public sealed record SegmentationPlan
{
    public required long Epoch { get; init; }

    /// <summary>Number of the first segment.</summary>
    public required long FirstMsn { get; init; }

    /// <summary>Discontinuities up to and with the first segment.</summary>
    public required long DiscontinuitySequence { get; init; }

    /// <summary>Whether a discontinuity stands before the first segment.</summary>
    public required bool StartsDiscontinuity { get; init; }

    /// <summary>Place of the first frame in 90 kHz ticks of the stream's timeline.</summary>
    public required long Start90k { get; init; }

    /// <summary>EXT-X-TARGETDURATION in seconds where it is settled, else 0.</summary>
    public required int TargetDuration { get; init; }

    /// <summary>
    /// Timeline minus source time in 90 kHz ticks where that is known beforehand: the first segment starts with the first key frame that then lies at
    /// <see cref="Start90k"/> or after it. Null: with the first key frame that comes, which is put there.
    /// </summary>
    public long? Offset90k { get; init; }

    /// <summary>Wall clock at <see cref="Start90k"/>; null: when the first key frame came.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Start of the first segment after the last discontinuity, where the plan goes on without one; else null.</summary>
    public long? RunStart90k { get; init; }

    /// <summary>
    /// How long the segments of other renditions are, in 90 kHz ticks; 0 where there are none. Sound alone, which could be cut anywhere, is cut by it,
    /// counted from <see cref="Start90k"/>.
    /// </summary>
    public long Pace90k { get; init; }

    /// <summary>Numbers directly before <see cref="FirstMsn"/> that are closed as gaps, and where they begin.</summary>
    public int GapsBefore { get; init; }

    public long GapStart90k { get; init; }

    public DateTimeOffset GapTime { get; init; }

    /// <summary>A segment ends at the first key frame after this long.</summary>
    public required TimeSpan SegmentDuration { get; init; }

    /// <summary>Parts end at the first frame after this long.</summary>
    public required TimeSpan PartDuration { get; init; }

    /// <summary>While no target duration is settled, a segment without a second key frame is cut after this many seconds.</summary>
    public int MaxTargetDuration { get; init; } = 10;
}
