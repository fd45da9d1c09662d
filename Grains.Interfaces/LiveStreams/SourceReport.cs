namespace Tributary.Grains.LiveStreams;

/// <summary>What a publishing host tells the stream's grain about its session.</summary>
[GenerateSerializer, Immutable, Alias("tributary.source-report")]
public sealed record SourceReport
{
    [Id(0)] public required Guid Session { get; init; }

    /// <summary>Epoch of the lease under which the session cuts; 0 on standby. In the report that ends a lease, the epoch that it had.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>The number after that of the segment which is being cut now; the lease's first number while nothing was cut.</summary>
    [Id(2)] public required long NextMsn { get; init; }

    /// <summary>Discontinuities up to and with the current segment.</summary>
    [Id(3)] public required long DiscontinuitySequence { get; init; }

    /// <summary>End of what was marked so far, in 90 kHz ticks of the stream's timeline.</summary>
    [Id(4)] public required long End90k { get; init; }

    /// <summary>EXT-X-TARGETDURATION as it was settled; 0 while it is not.</summary>
    [Id(5)] public required int TargetDuration { get; init; }

    [Id(6)] public required SourceHealth Health { get; init; }

    /// <summary>The request with which the session began, so that a grain that lost its memory knows whom it hears.</summary>
    [Id(7)] public required PublishRequest Request { get; init; }

    [Id(8)] public SourceFault Fault { get; init; }

    /// <summary>The lease ended with the last segment, as <see cref="IPublisherObserver.Yield"/> asked.</summary>
    [Id(9)] public bool Yielded { get; init; }

    /// <summary>The segment that is being cut; the one that would be next where none is.</summary>
    [Id(10)] public long OpenMsn { get; init; }

    /// <summary>Start of <see cref="OpenMsn"/> in 90 kHz ticks of the stream's timeline.</summary>
    [Id(11)] public long Open90k { get; init; }

    /// <summary>Wall clock at <see cref="Open90k"/>.</summary>
    [Id(12)] public DateTimeOffset OpenTime { get; init; }

    /// <summary>Whether <see cref="OpenMsn"/> begins with a discontinuity.</summary>
    [Id(13)] public bool OpenStartsDiscontinuity { get; init; }

    [Id(14)] public SourcePlace Place { get; init; } = new();

    /// <summary>Start of the first segment after the last discontinuity, in 90 kHz ticks of the stream's timeline.</summary>
    [Id(15)] public long RunStart90k { get; init; }
}

/// <summary>How a source does, for people and alarms.</summary>
[GenerateSerializer, Immutable, Alias("tributary.source-health")]
public sealed record SourceHealth
{
    [Id(0)] public TrackSummary[] Tracks { get; init; } = [];

    /// <summary>Bits per second over the last seconds.</summary>
    [Id(1)] public long Bitrate { get; init; }

    /// <summary>Frames taken since the session began.</summary>
    [Id(2)] public long Frames { get; init; }

    /// <summary>Frames that the normaliser refused since the session began.</summary>
    [Id(3)] public long Dropped { get; init; }

    /// <summary>Timestamps that the normaliser mended since the session began.</summary>
    [Id(4)] public long Mended { get; init; }

    /// <summary>Time since the last key frame of the leading track.</summary>
    [Id(5)] public TimeSpan SinceKeyFrame { get; init; }

    /// <summary>Time since the last frame of any kind.</summary>
    [Id(6)] public TimeSpan Silence { get; init; }

    [Id(7)] public bool HasBFrames { get; init; }

    /// <summary>Longest distance of two key frames seen.</summary>
    [Id(8)] public TimeSpan KeyFrameInterval { get; init; }
}

/// <summary>One track of a source, for people.</summary>
[GenerateSerializer, Immutable, Alias("tributary.track-summary")]
public sealed record TrackSummary
{
    [Id(0)] public required int Id { get; init; }

    [Id(1)] public required string Codec { get; init; }

    [Id(2)] public required string CodecString { get; init; }

    [Id(3)] public int Width { get; init; }

    [Id(4)] public int Height { get; init; }

    /// <summary>Frames per second times 1,000, declared or measured; 0 where unknown.</summary>
    [Id(5)] public int MilliFramesPerSecond { get; init; }

    [Id(6)] public int SampleRate { get; init; }

    [Id(7)] public int Channels { get; init; }

    /// <summary>Bits per second over the last seconds.</summary>
    [Id(8)] public long Bitrate { get; init; }
}

[GenerateSerializer, Alias("tributary.report-outcome")]
public enum ReportOutcome
{
    /// <summary>Go on.</summary>
    Accepted,

    /// <summary>A newer epoch is valid: stop cutting at once. The session may go on as standby, or publish anew.</summary>
    Superseded,
}

[GenerateSerializer, Immutable, Alias("tributary.report-answer")]
public sealed record ReportAnswer
{
    [Id(0)] public required ReportOutcome Outcome { get; init; }

    /// <summary>
    /// The epoch under which the session cuts from here on. Higher than the report's where the grain was activated anew in between: numbering
    /// and timeline go on as they were, but whoever still holds the older epoch is shut out.
    /// </summary>
    [Id(1)] public long Epoch { get; init; }
}
