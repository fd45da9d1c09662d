namespace Tributary.Media.Sets;

/// <summary>
/// Everything that a location's configuration says of what is packaged. The names are nginx-vod-module's directives without <c>vod_</c>, so are the
/// defaults. Durations are milliseconds, sizes bytes. What a directive makes of variables (a base URL) is evaluated before a packager sees it;
/// <see cref="HlsPackagingOptions.Id3Data"/> alone is evaluated by its packager, which knows the segment's time.
/// </summary>
public sealed record PackagingOptions
{
    public static PackagingOptions Default { get; } = new();

    public SegmentationOptions Segmentation { get; init; } = new();

    public ReadingOptions Reading { get; init; } = new();

    public HlsPackagingOptions Hls { get; init; } = new();

    public DashPackagingOptions Dash { get; init; } = new();

    public MssPackagingOptions Mss { get; init; } = new();

    public HdsPackagingOptions Hds { get; init; } = new();

    public ThumbnailOptions Thumbnail { get; init; } = new();

    public VolumeMapOptions VolumeMap { get; init; } = new();

    public DrmOptions Drm { get; init; } = new();

    public VodUrlOptions Urls { get; init; } = new();
}
