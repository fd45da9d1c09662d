using System.Globalization;

namespace Tributary.Grains.LiveStreams;

/// <summary>
/// Names of renditions. Rendition 1 of an entry is the stream of the entry's own name; rendition N is the stream <c>NAME/N</c>, which nobody can ask
/// for from outside, since no name has a slash.
/// </summary>
public static class RenditionName
{
    public const int First = 1;
    public const int Last = 9;

    /// <summary>The stream that carries a rendition of an entry.</summary>
    public static string StreamOf(string entry, int rendition) =>
        rendition == First ? entry : string.Create(CultureInfo.InvariantCulture, $"{entry}/{rendition}");

    /// <summary>The entry and the rendition of a stream.</summary>
    public static (string Entry, int Rendition) Split(string stream) =>
        stream.Length > 2 && stream[^2] == '/' && stream[^1] is >= '2' and <= '9' ? (stream[..^2], stream[^1] - '0') : (stream, First);
}

/// <summary>What a rendition's stream tells the stream of its entry, which keeps the one timeline.</summary>
[GenerateSerializer, Immutable, Alias("tributary.rendition-report")]
public sealed record RenditionReport
{
    [Id(0)] public required int Rendition { get; init; }

    /// <summary>The source on air said this; null where none is.</summary>
    [Id(1)] public SourceReport? OnAir { get; init; }

    /// <summary>A source that would go on air here; null where none asks.</summary>
    [Id(2)] public SourcePlace? Candidate { get; init; }

    /// <summary>The first number that the rendition may use: nobody has listed it.</summary>
    [Id(3)] public long FirstFree { get; init; }
}

[GenerateSerializer, Alias("tributary.rendition-outcome")]
public enum RenditionOutcome
{
    /// <summary>Go on.</summary>
    Accepted,

    /// <summary>No other rendition is on air: begin at <see cref="RenditionAnswer.At"/>, and the others follow.</summary>
    Leads,

    /// <summary>Go on air at <see cref="RenditionAnswer.At"/>, where a segment of the others begins.</summary>
    Follows,

    /// <summary>Others are on air, and it is not known yet where this source stands on their timeline. Ask again.</summary>
    Waits,

    /// <summary>Its segments are not those of the others any more: stop, and ask anew.</summary>
    Astray,
}

/// <summary>The entry's answer to a <see cref="RenditionReport"/>.</summary>
[GenerateSerializer, Immutable, Alias("tributary.rendition-answer")]
public sealed record RenditionAnswer([property: Id(0)] RenditionOutcome Outcome)
{
    [Id(1)] public RenditionStart? At { get; init; }
}

/// <summary>Where a rendition goes on air: the beginning of one segment.</summary>
[GenerateSerializer, Immutable, Alias("tributary.rendition-start")]
public sealed record RenditionStart
{
    [Id(0)] public required long Msn { get; init; }

    /// <summary>Discontinuities up to and with the segment.</summary>
    [Id(1)] public required long DiscontinuitySequence { get; init; }

    [Id(2)] public required bool StartsDiscontinuity { get; init; }

    /// <summary>Its start in 90 kHz ticks of the entry's timeline.</summary>
    [Id(3)] public required long Start90k { get; init; }

    /// <summary>The wall clock there; null where the first frame decides.</summary>
    [Id(4)] public DateTimeOffset? Time { get; init; }

    /// <summary>The entry's timeline minus that of the source, in 90 kHz ticks; null where the first frame decides.</summary>
    [Id(5)] public long? Offset90k { get; init; }

    /// <summary>Start of the first segment after the last discontinuity.</summary>
    [Id(6)] public long? RunStart90k { get; init; }

    /// <summary>EXT-X-TARGETDURATION in seconds; 0 while it is open.</summary>
    [Id(7)] public int TargetDuration { get; init; }

    /// <summary>How long segments of the others are, in 90 kHz ticks: what sound alone, which could be cut anywhere, is cut by.</summary>
    [Id(8)] public long Pace90k { get; init; }
}

/// <summary>One rendition of an entry, for people.</summary>
[GenerateSerializer, Immutable, Alias("tributary.rendition-description")]
public sealed record RenditionDescription(
    [property: Id(0)] int Rendition, [property: Id(1)] bool OnAir, [property: Id(2)] bool Leads, [property: Id(3)] TrackSummary[] Tracks);
