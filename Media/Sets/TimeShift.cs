namespace Tributary.Media.Sets;

/// <summary>How much later a source's frames are presented than its file says, by kind of track, in milliseconds (path parameter <c>shift</c>).</summary>
public readonly record struct TimeShift(long Video, long Audio, long Subtitles);
