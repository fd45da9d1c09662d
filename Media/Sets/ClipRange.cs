namespace Tributary.Media.Sets;

/// <summary>A part of one clip, in milliseconds from the clip's start. <see cref="To"/> is <see cref="long.MaxValue"/> where it goes to the clip's end.</summary>
/// <param name="Clip">Number of the clip in the timeline, from 0.</param>
/// <param name="From">Start.</param>
/// <param name="To">End (exclusive).</param>
public readonly record struct ClipRange(int Clip, long From, long To);
