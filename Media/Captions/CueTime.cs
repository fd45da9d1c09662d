using System.Globalization;

namespace Tributary.Media.Captions;

/// <summary>Times of cues: <c>hh:mm:ss.ttt</c> of WebVTT (hours may be missing), with a comma in SubRip.</summary>
static class CueTime
{
    const long MostHours = 99_000;
    const long MostOfOthers = 99;   // sloppy writers go beyond 59

    /// <summary>Milliseconds; false for anything that is no time.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long milliseconds)
    {
        milliseconds = 0;
        text = text.Trim();
        var fraction = text.IndexOfAny('.', ',');
        var clock = fraction < 0 ? text : text[..fraction];
        var (seconds, fields) = (0L, 0);
        foreach (var field in clock.Split(':'))
        {
            if (++fields > 3 || !long.TryParse(clock[field], NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value > (fields == 1 ? MostHours : MostOfOthers))
            {
                return false;
            }

            seconds = seconds * 60 + value;
        }

        if (fields < 2)
        {
            return false;
        }

        milliseconds = seconds * 1_000;
        return fraction < 0 || TryAddFraction(text[(fraction + 1)..], ref milliseconds);
    }

    static bool TryAddFraction(ReadOnlySpan<char> digits, ref long milliseconds)
    {
        var unit = 100;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            milliseconds += (digit - '0') * unit;
            unit /= 10;
        }

        return !digits.IsEmpty;
    }

    /// <summary>As WebVTT writes it, with hours.</summary>
    public static string Format(long milliseconds)
    {
        milliseconds = Math.Max(0, milliseconds);
        var (seconds, rest) = Math.DivRem(milliseconds, 1_000);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3_600:d2}:{seconds / 60 % 60:d2}:{seconds % 60:d2}.{rest:d3}");
    }
}
