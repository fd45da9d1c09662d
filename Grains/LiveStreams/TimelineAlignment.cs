namespace Tributary.Grains.LiveStreams;

/// <summary>
/// Whether two sources are one programme on one clock, so that one can go on for the other without a discontinuity. Two proofs count, each over the
/// last key frames that both hosts saw:
/// <list type="bullet">
/// <item>the same bytes: one encoder sends to both nodes, or two encode alike. The timestamps may differ by any constant;</item>
/// <item>the same timestamps: two encoders that stamp by a common clock, and place their key frames alike.</item>
/// </list>
/// Both ask for the same decoder configurations and for arrival at about the same time: a loop that repeats is no proof. Encoders that count from
/// their own start and encode differently are not aligned; where a stream's picture is missing, nothing is.
/// </summary>
public static class TimelineAlignment
{
    const long Tolerance90k = 270;   // each side rounds to milliseconds, and places the picture on a grid
    const int LeastSameContent = 2;
    const int LeastSameTime = 3;
    static readonly TimeSpan Apart = TimeSpan.FromSeconds(2);

    /// <summary>Stream timeline minus that of <paramref name="next"/> in 90 kHz ticks; null where nothing proves it.</summary>
    /// <param name="shift90k">Stream timeline minus that of <paramref name="current"/>.</param>
    public static long? Find(SourcePlace current, long shift90k, SourcePlace next)
    {
        if (current.Configuration == 0 || current.Configuration != next.Configuration)
        {
            return null;
        }

        return Constant(current, next, LeastSameContent, static (one, other) => one.Content == other.Content) is { } content ? content + shift90k
            : Constant(current, next, LeastSameTime, static (one, other) => Math.Abs(one.Source90k - other.Source90k) <= Tolerance90k) is { } time
                ? time + shift90k
                : null;
    }

    // The distance of the two timelines over all pairs that match, where it is one and the same.
    static long? Constant(SourcePlace current, SourcePlace next, int least, Func<KeyFrameSight, KeyFrameSight, bool> match)
    {
        var (pairs, lowest, highest, newest) = (0, long.MaxValue, long.MinValue, 0L);
        foreach (var one in current.KeyFrames)
        {
            foreach (var other in next.KeyFrames)
            {
                if ((one.Arrived - other.Arrived).Duration() <= Apart && match(one, other))
                {
                    newest = one.Place90k - other.Place90k;
                    (pairs, lowest, highest) = (pairs + 1, Math.Min(lowest, newest), Math.Max(highest, newest));
                }
            }
        }

        return pairs >= least && highest - lowest <= Tolerance90k ? newest : null;
    }
}
