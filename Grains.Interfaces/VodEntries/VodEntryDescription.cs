namespace Tributary.Grains.VodEntries;

[GenerateSerializer, Alias("tributary.vod-entry-state")]
public enum VodEntryState
{
    /// <summary>It has no media yet.</summary>
    Empty,

    /// <summary>Media is being added; what there is can be played.</summary>
    Recording,

    /// <summary>It is complete.</summary>
    Ready,
}

/// <summary>Everything that anybody may ask of an entry.</summary>
[GenerateSerializer, Immutable, Alias("tributary.vod-entry-description")]
public sealed record VodEntryDescription
{
    [Id(0)] public required string Id { get; init; }

    /// <summary>For people.</summary>
    [Id(1)] public required string Name { get; init; }

    [Id(2)] public required VodEntryState State { get; init; }

    /// <summary>Media time that is on disk.</summary>
    [Id(3)] public required TimeSpan Duration { get; init; }

    [Id(4)] public required DateTimeOffset Created { get; init; }

    /// <summary>The live stream of which it is a recording.</summary>
    [Id(5)] public string Stream { get; init; } = "";

    /// <summary>Where its bytes are, in the order of time.</summary>
    [Id(6)] public RecordedVolume[] Volumes { get; init; } = [];

    /// <summary>Bytes of media on disk.</summary>
    [Id(7)] public long Bytes { get; init; }
}

/// <summary>A run of recorded media on one node: an index, and a media file per rendition.</summary>
[GenerateSerializer, Immutable, Alias("tributary.recorded-volume")]
public sealed record RecordedVolume
{
    /// <summary>Name of its files, without what tells them apart.</summary>
    [Id(0)] public required string File { get; init; }

    /// <summary>The node on whose disk they are.</summary>
    [Id(1)] public required string Node { get; init; }

    /// <summary>Place on the stream's timeline of what is known to be on disk, in 90 kHz ticks.</summary>
    [Id(2)] public required long Start90k { get; init; }

    [Id(3)] public required long End90k { get; init; }

    /// <summary>Bytes of media.</summary>
    [Id(4)] public required long Bytes { get; init; }

    /// <summary>Nothing more is added.</summary>
    [Id(5)] public required bool Ended { get; init; }

    /// <summary>Wall clock of its first picture.</summary>
    [Id(6)] public required DateTimeOffset Started { get; init; }

    /// <summary>The entry that it belongs to.</summary>
    [Id(7)] public string Entry { get; init; } = "";

    /// <summary>Media time that the volumes have, counted once where they overlap.</summary>
    public static TimeSpan DurationOf(IEnumerable<RecordedVolume> volumes)
    {
        var (sum, reached) = (0L, long.MinValue);
        foreach (var volume in volumes.OrderBy(volume => volume.Start90k))
        {
            sum += Math.Max(0, volume.End90k - Math.Max(volume.Start90k, reached));
            reached = Math.Max(reached, volume.End90k);
        }

        return TimeSpan.FromTicks(sum * (TimeSpan.TicksPerSecond / 10_000) / 9);
    }
}
