namespace Tributary.Grains.LiveStreams;

/// <summary>What must survive every process: the numbering, and who held the lease. Written when a lease changes hands and now and then between.</summary>
[GenerateSerializer, Alias("tributary.live-stream-state")]
public sealed class LiveStreamState
{
    /// <summary>Epoch of the newest lease; 0 before the first.</summary>
    [Id(0)] public long Epoch { get; set; }

    /// <summary>Numbers below this may have been used. A lease after a crash begins here, so no number ever has two contents.</summary>
    [Id(1)] public long ReservedMsn { get; set; }

    [Id(2)] public long DiscontinuitySequence { get; set; }

    /// <summary>Wall clock at tick 0 of the stream's timeline: when it was first published.</summary>
    [Id(3)] public DateTimeOffset Origin { get; set; }

    /// <summary>EXT-X-TARGETDURATION while the stream is live or held; 0 = open.</summary>
    [Id(4)] public int TargetDuration { get; set; }

    [Id(5)] public StreamState State { get; set; }

    [Id(6)] public DateTimeOffset Since { get; set; }

    /// <summary>The session that holds the lease of <see cref="Epoch"/>, if it still holds it.</summary>
    [Id(7)] public PublishRequest? OnAir { get; set; }

    [Id(8)] public PublishEnd? LastEnd { get; set; }

    /// <summary>Rises with every change that others are told of: directives and catalog lines carry it.</summary>
    [Id(9)] public long Version { get; set; }

    /// <summary>Whether any segment was ever cut: from then on every lease starts with a discontinuity.</summary>
    [Id(10)] public bool Begun { get; set; }

    /// <summary>Where the stream shall move to, while that is awaited.</summary>
    [Id(11)] public TransferOrder? Transfer { get; set; }

    [Id(12)] public StreamSwitch? LastSwitch { get; set; }

    /// <summary>Of an entry: the renditions beyond the first that were published since it went on air.</summary>
    [Id(13)] public int[] Renditions { get; set; } = [];

    /// <summary>Epoch under which <see cref="OnAir"/> got its lease: it may not have heard yet that <see cref="Epoch"/> was renewed since.</summary>
    [Id(14)] public long Granted { get; set; }

    /// <summary>The sync points that were asked for last.</summary>
    [Id(15)] public SyncPointOrder? SyncPoints { get; set; }
}

/// <summary>A slot's next publisher at another node is its successor, until <paramref name="Until"/>.</summary>
[GenerateSerializer, Immutable, Alias("tributary.transfer-order")]
public sealed record TransferOrder([property: Id(0)] int Slot, [property: Id(1)] string Node, [property: Id(2)] DateTimeOffset Until);
