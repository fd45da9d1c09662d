namespace Tributary.Grains.LiveStreams;

/// <summary>
/// Where the source of one rendition stands on the timeline of another. Who publishes several renditions of an entry says with that that they are one
/// programme; what is left to find is whether they are stamped by one clock. Key frames with the same timestamp that came at about the same time say
/// so; for sound alone, whose frames have other timestamps, that both clocks agree to within a second. An encoder that counts from its own start is on
/// no clock that others know: its rendition waits.
/// </summary>
public static class RenditionClock
{
    /// <summary>Both sides round to milliseconds, and place pictures on a grid.</summary>
    public const long Tolerance90k = 270;

    static readonly TimeSpan Apart = TimeSpan.FromSeconds(2);
    static readonly TimeSpan SoundApart = TimeSpan.FromSeconds(1);

    /// <summary>The entry's timeline minus that of <paramref name="next"/> in 90 kHz ticks; null where nothing says it.</summary>
    /// <param name="shift90k">The entry's timeline minus that of <paramref name="current"/>.</param>
    public static long? Find(SourcePlace current, long shift90k, SourcePlace next) =>
        current.KeyFrames.Length > 0 && next.KeyFrames.Length > 0 ? ByPictures(current, shift90k, next) : BySound(current, shift90k, next);

    static long? ByPictures(SourcePlace current, long shift90k, SourcePlace next)
    {
        long? found = null;
        foreach (var other in next.KeyFrames)
        {
            foreach (var one in current.KeyFrames)
            {
                if ((one.Arrived - other.Arrived).Duration() <= Apart && Math.Abs(one.Source90k - other.Source90k) <= Tolerance90k)
                {
                    found = one.Place90k - other.Place90k + shift90k;
                }
            }
        }

        return found;
    }

    static long? BySound(SourcePlace current, long shift90k, SourcePlace next)
    {
        if (current.Newest is not { } one || next.Newest is not { } other)
        {
            return null;
        }

        var clocks = TimeSpan.FromTicks((other.Source90k - one.Source90k) * 1_000 / 9) - (other.Arrived - one.Arrived);
        return clocks.Duration() <= SoundApart ? other.Source90k - other.Place90k + one.Place90k - one.Source90k + shift90k : null;
    }
}
