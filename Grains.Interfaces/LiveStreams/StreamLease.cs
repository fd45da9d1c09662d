namespace Tributary.Grains.LiveStreams;

/// <summary>
/// The right to cut segments of one stream, and where to go on. There is one valid lease per stream: that with the highest epoch.
/// </summary>
[GenerateSerializer, Immutable, Alias("tributary.stream-lease")]
public sealed record StreamLease
{
    /// <summary>Rises with every lease that the stream grants, for ever.</summary>
    [Id(0)] public required long Epoch { get; init; }

    [Id(1)] public required Guid Session { get; init; }

    /// <summary>Number of the first segment to cut.</summary>
    [Id(2)] public required long FirstMsn { get; init; }

    /// <summary>Discontinuities before the first segment, the one that it starts with included.</summary>
    [Id(3)] public required long DiscontinuitySequence { get; init; }

    /// <summary>False only for the very first segments of a stream.</summary>
    [Id(4)] public required bool StartsDiscontinuity { get; init; }

    /// <summary>Place of the first frame on the stream's timeline, in 90 kHz ticks.</summary>
    [Id(5)] public required long Start90k { get; init; }

    /// <summary>EXT-X-TARGETDURATION in seconds, where viewers have been told one already; 0 = the first segment decides.</summary>
    [Id(6)] public required int TargetDuration { get; init; }

    /// <summary>A segment ends at the first key frame after this long.</summary>
    [Id(7)] public required TimeSpan SegmentDuration { get; init; }

    /// <summary>No part is longer than this.</summary>
    [Id(8)] public required TimeSpan PartDuration { get; init; }

    /// <summary>
    /// Stream timeline minus the source's own in 90 kHz ticks, where both are known to be the same programme: the first frame is then the key frame
    /// at <see cref="Start90k"/>, or the next after it.
    /// </summary>
    [Id(9)] public long? Offset90k { get; init; }

    /// <summary>Wall clock of what comes at <see cref="Start90k"/>: media that is kept from then on goes first. Null: begin with the next key frame.</summary>
    [Id(10)] public DateTimeOffset? ResumeTime { get; init; }

    /// <summary>Numbers directly before <see cref="FirstMsn"/> that are closed as gaps.</summary>
    [Id(11)] public int GapsBefore { get; init; }

    /// <summary>Where those gaps begin, in 90 kHz ticks of the stream's timeline.</summary>
    [Id(12)] public long GapStart90k { get; init; }

    /// <summary>Wall clock there.</summary>
    [Id(13)] public DateTimeOffset GapTime { get; init; }

    /// <summary>Start of the first segment after the last discontinuity, where the lease begins with none; else null.</summary>
    [Id(14)] public long? RunStart90k { get; init; }

    /// <summary>How long the segments of the entry's other renditions are, in 90 kHz ticks; 0 where there are none. Sound alone is cut by it.</summary>
    [Id(15)] public long Pace90k { get; init; }
}
