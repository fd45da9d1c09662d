namespace Tributary.Ingest.Publishing;

/// <summary>When a source that is still connected counts as lost, so that the other slot takes over ("Publish:Fault").</summary>
public sealed class FaultOptions
{
    /// <summary>No frame of any kind for this long: silent.</summary>
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Other frames come, but no picture for this long: stalled.</summary>
    public TimeSpan Stall { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Pictures come, but no key frame for this long: stalled, since nobody can begin there.</summary>
    public TimeSpan KeyFrame { get; set; } = TimeSpan.FromSeconds(20);
}

/// <summary>What a source on standby keeps, to go on where the other one ended ("Publish:Standby").</summary>
public sealed class StandbyOptions
{
    /// <summary>Media time that is kept: the longest segment, and the time in which the loss of the other source is noticed.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes that are kept at most; over it the oldest group of pictures goes.</summary>
    public long MaxBytes { get; set; } = 64L * 1024 * 1024;
}
