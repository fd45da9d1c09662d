namespace Tributary.Grains.LiveStreams;

/// <summary>Why another source goes on air.</summary>
[GenerateSerializer, Alias("tributary.switch-reason")]
public enum SwitchReason
{
    None,

    /// <summary>The encoder on air said good-bye, or its connection broke.</summary>
    SourceEnded,

    /// <summary>The host of the encoder on air does not answer any more.</summary>
    HostLost,

    /// <summary>The encoder on air sent nothing for a while.</summary>
    Silent,

    /// <summary>Frames came, but the picture did not go on.</summary>
    Stalled,

    /// <summary>An operator asked for it.</summary>
    Command,

    /// <summary>The stream moved to another node by command.</summary>
    Transfer,

    /// <summary>The node of the source on air wants to be rid of it.</summary>
    Drain,

    /// <summary>The primary was back, and well for as long as the policy asks.</summary>
    GiveBack,
}

/// <summary>One change of the source on air.</summary>
[GenerateSerializer, Immutable, Alias("tributary.stream-switch")]
public sealed record StreamSwitch
{
    [Id(0)] public required SwitchReason Reason { get; init; }

    [Id(1)] public required DateTimeOffset At { get; init; }

    [Id(2)] public required int Slot { get; init; }

    [Id(3)] public required string Node { get; init; }

    /// <summary>The node that was on air before.</summary>
    [Id(4)] public string FromNode { get; init; } = "";

    /// <summary>Epoch of the new lease.</summary>
    [Id(5)] public required long Epoch { get; init; }

    /// <summary>First number of the new source.</summary>
    [Id(6)] public required long FirstMsn { get; init; }

    /// <summary>Whether both timelines were known to be one: then there is no discontinuity.</summary>
    [Id(7)] public required bool Aligned { get; init; }

    /// <summary>Numbers that were closed as gaps, because players had got parts of them.</summary>
    [Id(8)] public int Gaps { get; init; }

    /// <summary>From the decision to the new lease.</summary>
    [Id(9)] public TimeSpan Took { get; init; }
}

[GenerateSerializer, Alias("tributary.switch-outcome")]
public enum SwitchOutcome
{
    /// <summary>It is as asked already.</summary>
    OnAir,

    /// <summary>It happens at the next end of a segment, or when an encoder publishes at the target.</summary>
    Pending,

    Refused,
}

/// <summary>What keeps a stream at a node that wants to be rid of it.</summary>
[GenerateSerializer, Alias("tributary.vacancy")]
public enum Vacancy
{
    /// <summary>Nothing: the node holds no lease of the stream.</summary>
    Vacant,

    /// <summary>The segment that is being cut, or another node's source that cannot go on air yet.</summary>
    Moving,

    /// <summary>No other node has a source of it.</summary>
    Staying,
}

/// <summary>What came of a command.</summary>
[GenerateSerializer, Immutable, Alias("tributary.switch-answer")]
public sealed record SwitchAnswer
{
    [Id(0)] public required SwitchOutcome Outcome { get; init; }

    /// <summary>One plain sentence for the operator.</summary>
    [Id(1)] public required string Sentence { get; init; }
}

/// <summary>
/// The first number of a stream that a gateway has not listed as complete, and what it has shown of it. Once a gateway has said so, it lists
/// nothing more of that source at or above this number.
/// </summary>
[GenerateSerializer, Immutable, Alias("tributary.window-edge")]
public sealed record WindowEdge
{
    /// <summary>What a window answers, as it travels.</summary>
    public static WindowEdge Of(Tributary.Media.Packaging.Live.LiveWindowEdge edge) => new()
    {
        Msn = edge.Msn,
        PartsSent = edge.PartsSent,
        Start90k = edge.Start90k,
        End90k = edge.End90k,
        StartTime = edge.StartTime,
        DiscontinuitySequence = edge.DiscontinuitySequence,
        StartsDiscontinuity = edge.StartsDiscontinuity,
    };

    [Id(0)] public required long Msn { get; init; }

    /// <summary>Whether parts of <see cref="Msn"/> were sent to a player.</summary>
    [Id(1)] public required bool PartsSent { get; init; }

    /// <summary>Start of <see cref="Msn"/> in 90 kHz ticks of the stream's timeline.</summary>
    [Id(2)] public required long Start90k { get; init; }

    /// <summary>End of those parts.</summary>
    [Id(3)] public required long End90k { get; init; }

    /// <summary>Wall clock at <see cref="Start90k"/>.</summary>
    [Id(4)] public required DateTimeOffset StartTime { get; init; }

    /// <summary>Discontinuities before <see cref="Msn"/>.</summary>
    [Id(5)] public required long DiscontinuitySequence { get; init; }

    /// <summary>Whether one stands before <see cref="Msn"/> itself, whoever cuts it.</summary>
    [Id(6)] public bool StartsDiscontinuity { get; init; }
}
