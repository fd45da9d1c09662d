namespace Tributary.Grains.LiveStreams;

[GenerateSerializer, Alias("tributary.stream-state")]
public enum StreamState
{
    /// <summary>Nobody has published since the stream went off air, or ever.</summary>
    OffAir,

    /// <summary>A source is on air.</summary>
    Live,

    /// <summary>The source is lost; viewers wait, and numbering goes on when somebody publishes again.</summary>
    Held,
}

/// <summary>Everything an operator may ask of a stream.</summary>
[GenerateSerializer, Immutable, Alias("tributary.live-stream-description")]
public sealed record LiveStreamDescription
{
    [Id(0)] public required string Name { get; init; }

    [Id(1)] public required StreamState State { get; init; }

    /// <summary>When it came into <see cref="State"/>.</summary>
    [Id(2)] public required DateTimeOffset Since { get; init; }

    [Id(3)] public required long Epoch { get; init; }

    /// <summary>Number of the segment that is being cut, or will be next.</summary>
    [Id(4)] public required long NextMsn { get; init; }

    [Id(5)] public required long DiscontinuitySequence { get; init; }

    /// <summary>The slots that are filled, the one on air first.</summary>
    [Id(6)] public SlotDescription[] Slots { get; init; } = [];

    /// <summary>Gateways that watch it.</summary>
    [Id(7)] public string[] Gateways { get; init; } = [];

    /// <summary>Viewers that the gateways counted.</summary>
    [Id(8)] public int Viewers { get; init; }

    /// <summary>How the last publisher ended, where none is on air.</summary>
    [Id(9)] public PublishEnd? LastEnd { get; init; }

    /// <summary>The silo that answers for the stream.</summary>
    [Id(10)] public string Owner { get; init; } = "";

    /// <summary>The last change of the source on air; null where there was none.</summary>
    [Id(11)] public StreamSwitch? LastSwitch { get; init; }

    /// <summary>Node to which the stream shall move, while that is awaited.</summary>
    [Id(12)] public string TransferTo { get; init; } = "";

    /// <summary>Its renditions, where it has more than the first.</summary>
    [Id(13)] public RenditionDescription[] Renditions { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("tributary.slot-description")]
public sealed record SlotDescription
{
    [Id(0)] public required int Slot { get; init; }

    [Id(1)] public required bool OnAir { get; init; }

    [Id(2)] public required PublishRequest Request { get; init; }

    [Id(3)] public required DateTimeOffset Since { get; init; }

    [Id(4)] public SourceHealth Health { get; init; } = new();

    [Id(5)] public SourceFault Fault { get; init; }

    /// <summary>Whether it could go on air now.</summary>
    [Id(6)] public bool Ready { get; init; }

    /// <summary>Whether its timeline is known to be that of the source on air.</summary>
    [Id(7)] public bool Aligned { get; init; }

    /// <summary>A place of its timeline in 90 kHz ticks, and <see cref="ClockTime"/>, the wall clock there; neither while it was not on air.</summary>
    [Id(8)] public long? Clock90k { get; init; }

    [Id(9)] public DateTimeOffset? ClockTime { get; init; }
}
