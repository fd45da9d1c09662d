using Tributary.Grains.LiveStreams;

namespace Tributary.Grains.Recordings;

/// <summary>What must survive: the plan, who was told, and the checkpoint.</summary>
[GenerateSerializer, Alias("tributary.recording-grain-state")]
public sealed class RecordingGrainState
{
    /// <summary>The stream's, as far as it is known.</summary>
    [Id(0)] public StreamState State { get; set; }

    /// <summary>Recorded whatever the configuration says.</summary>
    [Id(1)] public bool Commanded { get; set; }

    /// <summary>Not recorded until the stream is on air anew.</summary>
    [Id(2)] public bool Stopped { get; set; }

    [Id(3)] public bool IsRecording { get; set; }

    [Id(4)] public string Entry { get; set; } = "";

    [Id(5)] public DateTimeOffset EntryBegan { get; set; }

    /// <summary>When the stream went off air.</summary>
    [Id(6)] public DateTimeOffset EndedAt { get; set; }

    [Id(7)] public string Node { get; set; } = "";

    [Id(8)] public long Epoch { get; set; }

    /// <summary>The first segment that is not known to be on disk in every rendition.</summary>
    [Id(9)] public long NextMsn { get; set; } = -1;

    [Id(10)] public List<string> RewindNodes { get; set; } = [];
}
