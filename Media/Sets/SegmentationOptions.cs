namespace Tributary.Media.Sets;

/// <summary>How the number of segments of a stream follows from its length: <c>segment_count_policy</c>.</summary>
public enum SegmentCountPolicy
{
    /// <summary>33 s in segments of 10 s are 10, 10, 10, 3.</summary>
    LastShort,

    /// <summary>33 s are 10, 10, 13.</summary>
    LastLong,

    /// <summary>33 s are 10, 10, 13; 38 s are 10, 10, 10, 8.</summary>
    LastRounded,
}

/// <summary>Which track's length is the length of a manifest of several: <c>manifest_duration_policy</c>.</summary>
public enum ManifestDurationPolicy
{
    Max,

    /// <summary>The shortest that is not zero.</summary>
    Min,
}

/// <summary>What manifests say of segments' durations: <c>manifest_segment_durations_mode</c>.</summary>
public enum SegmentDurationsMode
{
    /// <summary>As configured: needs no table of frames.</summary>
    Estimate,

    /// <summary>As the frames are.</summary>
    Accurate,
}

/// <summary>How streams are cut.</summary>
public sealed record SegmentationOptions
{
    /// <summary><c>segment_duration</c>.</summary>
    public long SegmentDuration { get; init; } = 10_000;

    /// <summary><c>bootstrap_segment_durations</c>: of the first segments, before <see cref="SegmentDuration"/> counts.</summary>
    public IReadOnlyList<long> BootstrapSegmentDurations { get; init; } = [];

    /// <summary><c>align_segments_to_key_frames</c>: every segment starts with a key frame.</summary>
    public bool AlignToKeyFrames { get; init; }

    /// <summary><c>segment_count_policy</c>.</summary>
    public SegmentCountPolicy CountPolicy { get; init; }

    /// <summary><c>manifest_duration_policy</c>.</summary>
    public ManifestDurationPolicy ManifestDurationPolicy { get; init; }

    /// <summary><c>manifest_segment_durations_mode</c>.</summary>
    public SegmentDurationsMode DurationsMode { get; init; }

    /// <summary><c>live_window_duration</c>: up to now where positive, up to the mapping's end where negative, all where 0.</summary>
    public long LiveWindowDuration { get; init; } = 30_000;

    /// <summary><c>force_playlist_type_vod</c>: a live set as a finished one.</summary>
    public bool ForcePlaylistTypeVod { get; init; }

    /// <summary><c>force_continuous_timestamps</c>: no gaps between clips, whatever clipTimes says.</summary>
    public bool ForceContinuousTimestamps { get; init; }
}
