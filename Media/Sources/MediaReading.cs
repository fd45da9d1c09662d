namespace Tributary.Media.Sources;

/// <summary>What reading a container gave: the file, or why not.</summary>
/// <param name="File">The tracks; null where it cannot be read.</param>
/// <param name="Failure"><see cref="MediaFailure.None"/> where it was read.</param>
/// <param name="Reason">One sentence for the log; empty where it was read.</param>
public readonly record struct MediaReading(MediaFile? File, MediaFailure Failure, string Reason)
{
    public static MediaReading Of(MediaFile file) => new(file, MediaFailure.None, "");

    public static MediaReading Damaged(string reason) => new(null, MediaFailure.BadData, reason);
}
