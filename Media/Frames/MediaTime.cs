namespace Tributary.Media.Frames;

/// <summary>Arithmetic on media time: integer ticks of a timescale, never floating point.</summary>
public static class MediaTime
{
    /// <summary>The clock in which segment boundaries are kept, and that of MPEG-2 systems (ISO/IEC 13818-1 §2.4.2).</summary>
    public const int Hz90k = 90_000;

    /// <summary><paramref name="ticks"/> of <paramref name="from"/> Hz in ticks of <paramref name="to"/> Hz, rounded down, without overflow.</summary>
    public static long Rescale(long ticks, int from, int to)
    {
        if (from == to)
        {
            return ticks;
        }

        var (whole, rest) = Divide(ticks, from);
        return whole * to + rest * to / from;
    }

    /// <summary>As <see cref="Rescale"/>, rounded to the nearest tick.</summary>
    public static long RescaleNearest(long ticks, int from, int to)
    {
        var (whole, rest) = Divide(ticks, from);
        return whole * to + (rest * to + from / 2) / from;
    }

    public static TimeSpan ToTimeSpan(long ticks, int timescale) => new(Rescale(ticks, timescale, (int)TimeSpan.TicksPerSecond));

    // Rounded down, also below zero.
    internal static (long Whole, long Part) Divide(long dividend, int divisor)
    {
        var whole = dividend / divisor;
        var rest = dividend - whole * divisor;
        return rest < 0 ? (whole - 1, rest + divisor) : (whole, rest);
    }
}
