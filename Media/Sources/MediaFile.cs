namespace Tributary.Media.Sources;

/// <summary>A media file as a reader understands it: its tracks. Immutable; what a metadata cache keeps, by its <see cref="MemoryBytes"/>.</summary>
/// <param name="Tracks">Video and audio tracks in the file's order.</param>
/// <param name="DurationMilliseconds">How long the file says it is (mvhd; ISO/IEC 14496-12 §8.2.2).</param>
/// <param name="MemoryBytes">About how much memory this takes.</param>
public sealed record MediaFile(IReadOnlyList<SourceTrack> Tracks, long DurationMilliseconds, long MemoryBytes);
