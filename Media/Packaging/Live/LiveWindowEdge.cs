namespace Tributary.Media.Packaging.Live;

/// <summary>How far a window had listed a stream when its source was replaced.</summary>
/// <param name="Msn">The first number that no rendition has listed as complete.</param>
/// <param name="PartsSent">Whether parts of it were sent to a player.</param>
/// <param name="Start90k">Its start in 90 kHz ticks.</param>
/// <param name="End90k">End of its parts where some were sent.</param>
/// <param name="StartTime">Wall clock at <paramref name="Start90k"/>.</param>
/// <param name="DiscontinuitySequence">Discontinuities before it.</param>
/// <param name="StartsDiscontinuity">Whether one stands before it.</param>
public sealed record LiveWindowEdge(
    long Msn, bool PartsSent, long Start90k, long End90k, DateTimeOffset StartTime, long DiscontinuitySequence, bool StartsDiscontinuity);
