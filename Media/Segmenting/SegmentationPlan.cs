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

    /// <summary>A segment ends at the first key frame after this long.</summary>
    public required TimeSpan SegmentDuration { get; init; }

    /// <summary>No part is longer than this.</summary>
    public required TimeSpan PartDuration { get; init; }

    /// <summary>While no target duration is settled, a segment without a second key frame is cut after this many seconds.</summary>
    public int MaxTargetDuration { get; init; } = 10;
}
