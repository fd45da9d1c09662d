namespace Tributary.Gateway.Recorded;

/// <summary>Recordings and rewind windows at the gateway ("Gateway:Recorded").</summary>
public sealed class RecordedOptions
{
    /// <summary>Recordings and rewind windows whose index the gateway keeps in memory; those that were not asked for longest go first.</summary>
    public int MaxTimelines { get; set; } = 500;

    /// <summary>Headers of MP4 downloads that are kept for requests of ranges.</summary>
    public int MaxMovies { get; set; } = 16;

    /// <summary>How long another node may take to answer.</summary>
    public TimeSpan NodeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Cache lifetime of segments and media files of recordings, which never change.</summary>
    public TimeSpan MediaMaxAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(RecordedOptions options) =>
        options.MaxTimelines > 0 && options.MaxMovies > 0 && options.NodeTimeout > TimeSpan.Zero && options.MediaMaxAge >= TimeSpan.Zero;
}
