namespace Tributary.Media.Containers.Mp4;

/// <summary>What a reader of MP4 files is ready to hold and to do.</summary>
public sealed record Mp4ReadOptions
{
    /// <summary>The largest moov that is read, in bytes; of a fragmented file, also all its moof boxes together.</summary>
    public long MaxMovieBytes { get; init; } = 128 << 20;

    /// <summary>The most boxes that are looked at in one file.</summary>
    public int MaxBoxes { get; init; } = 2_000_000;

    /// <summary>The most frames of a track that are gathered from fragments: a day of video, or of sound.</summary>
    public int MaxFragmentedFrames { get; init; } = 5_000_000;

    /// <summary>The most tracks that are read.</summary>
    public int MaxTracks { get; init; } = 64;

    /// <summary>Whether edit lists are passed over, as if the file had none.</summary>
    public bool IgnoreEditLists { get; init; }

    public static Mp4ReadOptions Default { get; } = new();
}
