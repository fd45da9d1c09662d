namespace Tributary.Media.Frames;

/// <summary>
/// A time in two timescales that goes on by durations: what <see cref="MediaTime.RescaleNearest"/> gives for it, without a division while one duration
/// follows another like it.
/// </summary>
struct RescaledClock
{
    readonly int _from;
    readonly int _to;
    long _rest;   // of ticks * to + from / 2, divided by from
    long _duration;
    long _wholes;
    long _part;

    /// <param name="ticks">The time, in ticks of <paramref name="from"/>.</param>
    /// <param name="from">Hz.</param>
    /// <param name="to">Hz of <see cref="Ticks"/>.</param>
    public RescaledClock(long ticks, int from, int to)
    {
        (_from, _to) = (from, to);
        var (whole, rest) = MediaTime.Divide(ticks, from);
        (Ticks, _rest) = MediaTime.Divide(rest * to + from / 2, from);
        Ticks += whole * to;
    }

    /// <summary>The time in the other timescale, rounded to the nearest tick.</summary>
    public long Ticks { get; private set; }

    /// <summary>Goes on by a duration, in ticks of the timescale that is rescaled from.</summary>
    public void Advance(int duration)
    {
        if (duration != _duration)
        {
            (_duration, (_wholes, _part)) = (duration, MediaTime.Divide((long)duration * _to, _from));
        }

        (Ticks, _rest) = (Ticks + _wholes, _rest + _part);
        if (_rest >= _from)
        {
            (Ticks, _rest) = (Ticks + 1, _rest - _from);
        }
    }
}
