namespace Tributary.Grains.LiveStreams;

/// <summary>What a host says of an encoder that wants to publish. The credential was checked by the host; the grain never sees a key.</summary>
[GenerateSerializer, Immutable, Alias("tributary.publish-request")]
public sealed record PublishRequest
{
    /// <summary>Names this publisher until it ends; chosen by the host.</summary>
    [Id(0)] public required Guid Session { get; init; }

    /// <summary>0 primary, 1 backup.</summary>
    [Id(1)] public required int Slot { get; init; }

    /// <summary>The server node that received the encoder.</summary>
    [Id(2)] public required string Node { get; init; }

    /// <summary>Where other hosts subscribe to the frames (host:port of the node's frame link).</summary>
    [Id(3)] public required string FrameLink { get; init; }

    /// <summary>For people: protocol and address, for example <c>rtmp 127.0.0.1:40112</c>.</summary>
    [Id(4)] public required string Encoder { get; init; }

    /// <summary>The run of the node's process: a session of an earlier run is dead.</summary>
    [Id(5)] public Guid NodeRun { get; init; }
}

[GenerateSerializer, Alias("tributary.publish-outcome")]
public enum PublishOutcome
{
    Refused,
    Standby,
    OnAir,
}

[GenerateSerializer, Alias("tributary.publish-refusal-reason")]
public enum PublishRefusalReason
{
    None,

    /// <summary>An encoder that still sends holds this slot.</summary>
    AlreadyPublishing,

    /// <summary>The slot is neither 0 nor 1.</summary>
    NoSuchSlot,

    /// <summary>The key is missing or wrong.</summary>
    KeyRefused,

    /// <summary>The stream's name is outside the allow-list.</summary>
    BadName,

    /// <summary>A limit of this server is reached.</summary>
    LimitReached,

    /// <summary>The grain could not be reached in time.</summary>
    Unavailable,

    /// <summary>The node takes no new work.</summary>
    Draining,

    /// <summary>From this address it is not published, or the address guesses keys.</summary>
    AddressRefused,

    /// <summary>A hook said no, or did not answer.</summary>
    HookRefused,
}

[GenerateSerializer, Immutable, Alias("tributary.publish-answer")]
public sealed record PublishAnswer
{
    [Id(0)] public required PublishOutcome Outcome { get; init; }

    [Id(1)] public PublishRefusalReason Reason { get; init; }

    /// <summary>One plain sentence for the encoder's user; empty unless refused.</summary>
    [Id(2)] public string Sentence { get; init; } = "";

    [Id(3)] public StreamLease? Lease { get; init; }

    /// <summary>Sync points that the source is to emit; null: none were asked for.</summary>
    [Id(4)] public SyncPointOrder? SyncPoints { get; init; }
}

/// <summary>Sync points that somebody wants: one in every <paramref name="Interval"/> of the stream's time, as long as it is before <paramref name="Until"/>.</summary>
[GenerateSerializer, Immutable, Alias("tributary.sync-point-order")]
public sealed record SyncPointOrder([property: Id(0)] TimeSpan Interval, [property: Id(1)] DateTimeOffset Until);

[GenerateSerializer, Alias("tributary.publish-end")]
public enum PublishEnd
{
    /// <summary>The encoder said good-bye.</summary>
    Unpublished,

    /// <summary>The connection broke.</summary>
    ConnectionLost,

    /// <summary>The encoder sent nothing for too long.</summary>
    Silent,

    /// <summary>The same stream was published again while this encoder was silent.</summary>
    Replaced,

    /// <summary>The other slot took over.</summary>
    Switched,

    /// <summary>The node shuts down.</summary>
    NodeStopping,

    /// <summary>An operator ended it.</summary>
    Operator,

    /// <summary>The stream goes on from another node.</summary>
    Transferred,

    /// <summary>The host does not answer any more.</summary>
    HostLost,

    /// <summary>The time for which its token let the encoder in is over.</summary>
    Expired,
}
