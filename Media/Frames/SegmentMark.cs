namespace Tributary.Media.Frames;

/// <summary>
/// One segment of the stream's one timeline, as the hub cut it under a lease. Shared by the frames of the segment; immutable, so that every
/// gateway derives the same playlist lines and the same bytes from it.
/// </summary>
public sealed record SegmentMark
{
    /// <summary>Media sequence number (RFC 8216 §4.3.3.2): rises by one per segment over the whole life of the stream.</summary>
    public required long Msn { get; init; }

    /// <summary>Epoch of the lease under which it was cut.</summary>
    public required long Epoch { get; init; }

    /// <summary>Number of discontinuities before this segment in the life of the stream, its own included (RFC 8216 §4.3.3.3).</summary>
    public required long DiscontinuitySequence { get; init; }

    /// <summary>Whether a discontinuity stands before this segment (RFC 8216 §4.3.2.3).</summary>
    public required bool StartsDiscontinuity { get; init; }

    /// <summary>Presentation time of its first frame in 90 kHz ticks of the stream's timeline.</summary>
    public required long Start90k { get; init; }

    /// <summary>The wall clock at <see cref="Start90k"/> (RFC 8216 §4.3.2.6).</summary>
    public required DateTimeOffset ProgramDateTime { get; init; }

    /// <summary>Whether it starts with a key frame of its leading track.</summary>
    public required bool Independent { get; init; }

    /// <summary>
    /// EXT-X-TARGETDURATION in seconds, the same for all segments between two times off air. In the segments of a stream's first lease that were
    /// begun before it was settled, the least it will be.
    /// </summary>
    public required int TargetDuration { get; init; }

    /// <summary>Start in 90 kHz ticks of the first segment after the last discontinuity; its own where that stands before this one.</summary>
    public long RunStart90k { get; init; }

    /// <summary>No part is planned longer than this, in 90 kHz ticks (RFC 8216bis §4.4.3.7); 0 where the source cuts none for players.</summary>
    public int PartTarget90k { get; init; }

    /// <summary>Numbers directly before this one that are gaps (RFC 8216bis §4.4.4.7), whatever was received of them.</summary>
    public int GapsBefore { get; init; }

    /// <summary>Where those gaps begin, in 90 kHz ticks of the stream's timeline.</summary>
    public long GapStart90k { get; init; }

    /// <summary>The wall clock there.</summary>
    public DateTimeOffset GapTime { get; init; }
}

/// <summary>A frame with its place on the stream's timeline.</summary>
/// <param name="Frame">The frame; <see cref="Frame.Dts"/> counts on the stream's timeline.</param>
/// <param name="Segment">The segment to which it belongs.</param>
/// <param name="Part">Number of its part within the segment, from 0.</param>
public readonly record struct MarkedFrame(Frame Frame, SegmentMark Segment, int Part);
