namespace Tributary.Grains.LiveStreams;

/// <summary>
/// What tells whether two sources are one programme on one clock: their configuration and their last key frames. Compared by the stream's grain
/// (see <c>TimelineAlignment</c>).
/// </summary>
[GenerateSerializer, Immutable, Alias("tributary.source-place")]
public sealed record SourcePlace
{
    /// <summary>A hash over the configurations of all tracks; 0 while there are none.</summary>
    [Id(0)] public long Configuration { get; init; }

    /// <summary>Stream timeline minus this source's own, in 90 kHz ticks; null off air.</summary>
    [Id(1)] public long? Shift90k { get; init; }

    /// <summary>The last key frames of its picture, the oldest first.</summary>
    [Id(2)] public KeyFrameSight[] KeyFrames { get; init; } = [];

    /// <summary>Where the frames that are kept on standby begin, on the source's own timeline in 90 kHz ticks; null where none are.</summary>
    [Id(3)] public long? Kept90k { get; init; }

    /// <summary>The newest frame of any track.</summary>
    [Id(4)] public KeyFrameSight? Newest { get; init; }
}

/// <summary>One key frame as a host saw it.</summary>
/// <param name="Source90k">Presentation time as the encoder stamped it, in 90 kHz ticks.</param>
/// <param name="Place90k">The same on the source's own timeline.</param>
/// <param name="Content">A hash of its bytes.</param>
/// <param name="Arrived">When it came, by the host's clock.</param>
[GenerateSerializer, Immutable, Alias("tributary.key-frame-sight")]
public sealed record KeyFrameSight(
    [property: Id(0)] long Source90k, [property: Id(1)] long Place90k, [property: Id(2)] long Content, [property: Id(3)] DateTimeOffset Arrived);

/// <summary>What is wrong with a source that still is connected.</summary>
[GenerateSerializer, Alias("tributary.source-fault")]
public enum SourceFault
{
    None,

    /// <summary>No frame of any kind.</summary>
    Silent,

    /// <summary>Frames come, but no picture, no key frame for too long, or time stands still. A source that never had a picture needs none.</summary>
    Stalled,
}
