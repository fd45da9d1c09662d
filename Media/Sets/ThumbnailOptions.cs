namespace Tributary.Media.Sets;

/// <summary>What of thumbnails is configured.</summary>
public sealed record ThumbnailOptions
{
    public string FileNamePrefix { get; init; } = "thumb";

    /// <summary><c>thumb_accurate_positioning</c>: the nearest frame; otherwise the nearest key frame.</summary>
    public bool AccuratePositioning { get; init; } = true;

    /// <summary><c>gop_look_behind</c>: how long before the picture frames are looked at.</summary>
    public long GopLookBehind { get; init; } = 10_000;

    /// <summary><c>gop_look_ahead</c>: how long after it.</summary>
    public long GopLookAhead { get; init; } = 1_000;
}
