using Tributary.Grains.VodEntries;

namespace Tributary.Grains.Recordings;

/// <summary>Whether a stream is recorded, and into how many entries.</summary>
[GenerateSerializer, Alias("tributary.recording-mode")]
public enum RecordingMode
{
    Off,

    /// <summary>All sessions go into one entry, until that is too long or too old.</summary>
    Appended,

    /// <summary>Each session is an entry; one that comes back within the time for reconnects goes on with its own.</summary>
    PerSession,
}

[GenerateSerializer, Alias("tributary.recorder-state")]
public enum RecorderState
{
    /// <summary>Nothing is to be kept.</summary>
    Idle,

    /// <summary>No node can do it, or its recorder has not said anything yet.</summary>
    Starting,

    /// <summary>Parts are written as they come.</summary>
    Writing,

    /// <summary>Nothing is written: the disk is full, or a limit is reached. Viewers notice nothing of it.</summary>
    Stopped,

    /// <summary>All that was to be written is.</summary>
    Finished,
}

[GenerateSerializer, Alias("tributary.recorder-order")]
public enum RecorderOrder
{
    GoOn,

    /// <summary>Another node has it, or nobody wants it any more.</summary>
    Stop,
}

/// <summary>A node is to keep a stream, or to stop.</summary>
[GenerateSerializer, Immutable, Alias("tributary.recording-assignment")]
public sealed record RecordingAssignment
{
    [Id(0)] public required string Stream { get; init; }

    /// <summary>Rises with every decision, for ever: of two recorders that of the higher one is right.</summary>
    [Id(1)] public required long Epoch { get; init; }

    /// <summary>The entry to which media is added; empty: none.</summary>
    [Id(2)] public string Entry { get; init; } = "";

    /// <summary>How far viewers may go back; zero: no further than memory reaches.</summary>
    [Id(3)] public TimeSpan Rewind { get; init; }

    /// <summary>The first segment that is not known to be kept; -1: whatever the source's host still has.</summary>
    [Id(4)] public long FromMsn { get; init; } = -1;

    /// <summary>Whether there is anything to do.</summary>
    public bool IsWanted => Entry.Length > 0 || Rewind > TimeSpan.Zero;
}

/// <summary>How a recorder gets on.</summary>
[GenerateSerializer, Immutable, Alias("tributary.recorder-report")]
public sealed record RecorderReport
{
    [Id(0)] public required string Node { get; init; }

    [Id(1)] public required long Epoch { get; init; }

    [Id(2)] public required RecorderState State { get; init; }

    /// <summary>Why nothing is written; empty where all is well.</summary>
    [Id(3)] public string Trouble { get; init; } = "";

    /// <summary>The first segment that is not complete on disk in every rendition; -1 where nothing is known.</summary>
    [Id(4)] public long NextMsn { get; init; } = -1;

    /// <summary>Volumes of the entry that changed since the last report that was answered.</summary>
    [Id(5)] public RecordedVolume[] Volumes { get; init; } = [];
}

/// <summary>Everything that an operator may ask of a stream's recording.</summary>
[GenerateSerializer, Immutable, Alias("tributary.recording-description")]
public sealed record RecordingDescription
{
    [Id(0)] public required string Stream { get; init; }

    [Id(1)] public required RecordingMode Mode { get; init; }

    [Id(2)] public required RecorderState State { get; init; }

    /// <summary>The entry that is being recorded, or was last; empty where none was.</summary>
    [Id(3)] public string Entry { get; init; } = "";

    /// <summary>The node that records; empty where none does.</summary>
    [Id(4)] public string Node { get; init; } = "";

    [Id(5)] public string Trouble { get; init; } = "";

    /// <summary>How far viewers may go back.</summary>
    [Id(6)] public TimeSpan Rewind { get; init; }

    /// <summary>Nodes that may hold parts of the rewind window, the newest first.</summary>
    [Id(7)] public string[] RewindNodes { get; init; } = [];

    [Id(8)] public long Epoch { get; init; }

    /// <summary>The first segment that is not known to be on disk.</summary>
    [Id(9)] public long NextMsn { get; init; } = -1;

    /// <summary>Whether media is being added to <see cref="Entry"/>.</summary>
    [Id(10)] public bool IsRecording { get; init; }
}
