namespace Tributary.Media.Packaging.Live;

/// <summary>Frames that a window refused since it began, by reason.</summary>
public readonly record struct WindowDrops(long Late, long Configuration, long SegmentTooLarge, long TooManyTracks);
