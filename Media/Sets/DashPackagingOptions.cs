namespace Tributary.Media.Sets;

/// <summary>How an MPD names its segments: <c>dash_manifest_format</c>.</summary>
public enum DashManifestFormat
{
    SegmentTimeline,
    SegmentTemplate,
    SegmentList,
}

/// <summary>What captions are in DASH: <c>dash_subtitle_format</c>.</summary>
public enum DashSubtitleFormat
{
    WebVtt,
    SmpteTt,
}

/// <summary>What of DASH is configured; names of files are without their extension.</summary>
public sealed record DashPackagingOptions
{
    public bool AbsoluteManifestUrls { get; init; } = true;

    public string ManifestFileNamePrefix { get; init; } = "manifest";

    public string InitFileNamePrefix { get; init; } = "init";

    public string FragmentFileNamePrefix { get; init; } = "fragment";

    public string Profiles { get; init; } = "urn:mpeg:dash:profile:isoff-main:2011";

    public DashManifestFormat ManifestFormat { get; init; }

    public DashSubtitleFormat SubtitleFormat { get; init; }

    /// <summary><c>dash_init_mp4_pssh</c>: pssh boxes stand in initialisation segments as well as in the manifest.</summary>
    public bool InitMp4Pssh { get; init; } = true;

    /// <summary><c>dash_duplicate_bitrate_threshold</c>: representations that differ by fewer bits per second count as the same.</summary>
    public long DuplicateBitrateThreshold { get; init; } = 4096;

    /// <summary><c>dash_use_base_url_tag</c>: BaseURL instead of absolute URLs in templates.</summary>
    public bool UseBaseUrlTag { get; init; }

    /// <summary><c>dash_write_playready_kid</c>: PlayReady's ContentProtection carries the key's id.</summary>
    public bool WritePlayReadyKid { get; init; }
}
