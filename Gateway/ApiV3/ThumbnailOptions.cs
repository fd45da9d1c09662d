namespace Tributary.Gateway.ApiV3;

/// <summary>Pictures of entries that are made to the size that is asked for ("Gateway:Thumbnails").</summary>
public sealed class ThumbnailOptions
{
    /// <summary>Pictures that are made at the same time; others wait. Each takes some milliseconds of a processor.</summary>
    public int MaxAtOnce { get; set; } = 2;

    /// <summary>Pictures that wait to be made; more are answered with 503.</summary>
    public int MaxWaiting { get; set; } = 100;

    /// <summary>Bytes of made pictures that are kept.</summary>
    public long CacheBytes { get; set; } = 32 * 1_024 * 1_024;

    /// <summary>How old the picture of a live stream may be.</summary>
    public TimeSpan LiveAge { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Pictures of a clip beside each other in one answer (<c>vid_slices</c>); further ones are left out.</summary>
    public int MaxSlices { get; set; } = 200;

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(ThumbnailOptions options) => options is { MaxAtOnce: > 0, MaxWaiting: >= 0, CacheBytes: > 0, MaxSlices: > 0, LiveAge.Ticks: >= 0 };
}
