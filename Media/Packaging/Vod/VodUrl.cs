using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>
/// A packager's URL, taken apart: <c>/clipTo/9000/dir/name_,lo,hi,.mp4.urlset/seg-3-v1-a1.ts</c> are two sources, clipped, and a request for a segment.
/// </summary>
/// <param name="Sources">The files or mappings that are meant, in the URL's order; at least one.</param>
/// <param name="IsMulti">Whether the URL names several (or could: it ends with the suffix of such).</param>
/// <param name="Request">What is asked for.</param>
public sealed record VodUrl(IReadOnlyList<VodSourceUri> Sources, bool IsMulti, VodRequest Request);

/// <summary>One file or mapping that a URL names, and the path parameters that stand with it.</summary>
/// <param name="Path">Where it is below the location, without parameters; begins with a slash.</param>
public sealed record VodSourceUri(string Path)
{
    /// <summary>The same with its parameters: under which this source can be asked for alone.</summary>
    public string Uri { get; init; } = Path;

    /// <summary><c>clipFrom</c>, in milliseconds.</summary>
    public long ClipFrom { get; init; }

    /// <summary><c>clipTo</c>, in milliseconds; null where the URL has none.</summary>
    public long? ClipTo { get; init; }

    /// <summary><c>tracks</c>; null where the URL has none.</summary>
    public TrackSelection? Tracks { get; init; }

    /// <summary><c>shift</c>.</summary>
    public TimeShift Shift { get; init; }

    /// <summary><c>lang</c>: overrides the media's own; empty where the URL has none.</summary>
    public string Language { get; init; } = "";

    /// <summary><c>speed</c>, from 0.5 to 2.</summary>
    public decimal Speed { get; init; } = 1;
}
