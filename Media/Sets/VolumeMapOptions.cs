namespace Tributary.Media.Sets;

/// <summary>What of volume maps is configured.</summary>
public sealed record VolumeMapOptions
{
    public string FileNamePrefix { get; init; } = "volume_map";

    /// <summary><c>volume_map_interval</c>.</summary>
    public long Interval { get; init; } = 1_000;
}
