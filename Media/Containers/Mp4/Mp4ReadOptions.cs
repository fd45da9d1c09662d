namespace Tributary.Media.Containers.Mp4;

/// <summary>What a reader of MP4 files is ready to hold and to do.</summary>
public sealed record Mp4ReadOptions
{
    /// <summary>The largest moov that is read, in bytes.</summary>
    public long MaxMovieBytes { get; init; } = 128 << 20;

    /// <summary>The most boxes that are looked at in one file.</summary>
    public int MaxBoxes { get; init; } = 500_000;

    /// <summary>The most tracks that are read.</summary>
    public int MaxTracks { get; init; } = 64;

    /// <summary>Whether edit lists are passed over, as if the file had none.</summary>
    public bool IgnoreEditLists { get; init; }

    public static Mp4ReadOptions Default { get; } = new();
}
