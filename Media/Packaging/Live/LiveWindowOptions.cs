namespace Tributary.Media.Packaging.Live;

/// <summary>How much of a live stream a window lists and keeps.</summary>
public sealed class LiveWindowOptions
{
    /// <summary>Media time that playlists list; never less than three target durations (RFC 8216 §6.2.2).</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Segments that a playlist lists at most, whatever their length.</summary>
    public int MaxSegments { get; set; } = 120;

    /// <summary>Bytes of media that a window keeps at most. Segments that are no longer listed go first, then the oldest listed ones.</summary>
    public long MaxBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>Bytes that one segment of one track may have; what comes after is dropped and counted.</summary>
    public long MaxSegmentBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>Tracks that a window follows, ten of each kind at most; frames of further ones are dropped and counted.</summary>
    public int MaxTracks { get; set; } = 16;
}
