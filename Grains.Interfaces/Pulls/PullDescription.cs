namespace Tributary.Grains.Pulls;

/// <summary>Where a stream is pulled from.</summary>
[GenerateSerializer, Immutable, Alias("tributary.pull-source")]
public sealed record PullSource
{
    /// <summary>May hold a credential: for the server that it names, and for no log and no page.</summary>
    [Id(0)] public required string Url { get; init; }

    /// <summary>Whether it stands in a node's configuration; else somebody asked for it over the operations API.</summary>
    [Id(1)] public bool Configured { get; init; }

    public override string ToString() => Configured ? "a configured source" : "a source";
}

/// <summary>A node is to pull, or to stop.</summary>
[GenerateSerializer, Immutable, Alias("tributary.pull-assignment")]
public sealed record PullAssignment
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Rises with every move, for ever: of two nodes that pull the higher one is right.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>The slot of the stream to publish in; that of the node which it comes from.</summary>
    [Id(2)] public required int Slot { get; init; }

    /// <summary>Null: stop.</summary>
    [Id(3)] public PullSource? Source { get; init; }
}

[GenerateSerializer, Alias("tributary.pull-state")]
public enum PullState
{
    /// <summary>No node has it.</summary>
    Unassigned,

    Connecting,

    /// <summary>Frames come and are published, on air or as standby.</summary>
    Streaming,

    /// <summary>The last attempt failed; the next comes after a pause.</summary>
    Waiting,
}

/// <summary>How a node gets on with a pull.</summary>
[GenerateSerializer, Immutable, Alias("tributary.pull-report")]
public sealed record PullReport
{
    [Id(0)] public required string Node { get; init; }

    [Id(1)] public required long Epoch { get; init; }

    [Id(2)] public required PullState State { get; init; }

    /// <summary>How the last attempt ended, without secrets; empty while none did.</summary>
    [Id(3)] public string Trouble { get; init; } = "";

    /// <summary>Attempts since the last that brought frames.</summary>
    [Id(4)] public int Attempts { get; init; }
}

[GenerateSerializer, Alias("tributary.pull-order")]
public enum PullOrder
{
    GoOn,

    /// <summary>Another node has it, or nobody wants it any more.</summary>
    Stop,
}

/// <summary>Everything that an operator may ask of a pull.</summary>
[GenerateSerializer, Immutable, Alias("tributary.pull-description")]
public sealed record PullDescription
{
    [Id(0)] public required string Name { get; init; }

    [Id(1)] public required PullSource Source { get; init; }

    [Id(2)] public required PullState State { get; init; }

    /// <summary>The node that pulls; empty where none can.</summary>
    [Id(3)] public string Primary { get; init; } = "";

    /// <summary>The node that would take over; empty where there is none.</summary>
    [Id(4)] public string Backup { get; init; } = "";

    /// <summary>The node that still pulls while another begins; empty as a rule.</summary>
    [Id(5)] public string Leaving { get; init; } = "";

    [Id(6)] public long Epoch { get; init; }

    /// <summary>When the primary got it.</summary>
    [Id(7)] public DateTimeOffset Since { get; init; }

    /// <summary>Why the primary got it.</summary>
    [Id(8)] public string Why { get; init; } = "";

    [Id(9)] public string Trouble { get; init; } = "";

    [Id(10)] public int Attempts { get; init; }
}
