namespace Tributary.Media.Containers.Matroska;

/// <summary>What a reader of Matroska files is ready to hold and to do.</summary>
public sealed record MatroskaReadOptions
{
    /// <summary>The largest description of the tracks that is read, in bytes.</summary>
    public long MaxHeaderBytes { get; init; } = 32 << 20;

    /// <summary>The most elements that are looked at in one file.</summary>
    public int MaxElements { get; init; } = 20_000_000;

    /// <summary>The most frames of a track: a day of video, or of sound.</summary>
    public int MaxFrames { get; init; } = 5_000_000;

    /// <summary>The most tracks that are read.</summary>
    public int MaxTracks { get; init; } = 64;

    public static MatroskaReadOptions Default { get; } = new();
}
