using System.Globalization;

namespace Tributary.Gateway.Vod;

/// <summary>Values as nginx writes them: <c>on</c>, <c>64k</c>, <c>1h30m</c>.</summary>
static class DirectiveValues
{
    /// <summary>68 years, in milliseconds: what is added to any date and stays one.</summary>
    const long Longest = int.MaxValue * 1_000L;

    public static bool TryFlag(string text, out bool flag)
    {
        flag = text == "on";
        return text is "on" or "off";
    }

    /// <summary>Bytes: a number, with k, m or g for its multiples of 1024.</summary>
    public static bool TrySize(string text, out long bytes)
    {
        var scale = text is [.., var unit] ? char.ToLowerInvariant(unit) switch { 'k' => 10, 'm' => 20, 'g' => 30, _ => 0 } : 0;
        return TryNumber(scale == 0 ? text : text[..^1], out bytes) && bytes <= long.MaxValue >> (scale + 1) && (bytes <<= scale) >= 0;
    }

    /// <summary>Milliseconds: <c>500ms</c>, <c>10s</c>, <c>1h30m</c>, <c>100d</c>; a number without a unit is of <paramref name="unit"/> milliseconds each.</summary>
    public static bool TryTime(string text, long unit, out long milliseconds)
    {
        (milliseconds, var at, var any) = (0, 0, false);
        while (at < text.Length)
        {
            var from = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            if (!TryNumber(text[from..at], out var number))
            {
                return false;
            }

            from = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
            {
                at++;
            }

            long scale = text[from..at] switch
            {
                "" when at == text.Length => unit,
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 7 * 86_400_000L,
                "M" => 30 * 86_400_000L,
                "y" => 365 * 86_400_000L,
                _ => -1,
            };
            if (scale < 0 || number > Longest / scale || (milliseconds += number * scale) > Longest)
            {
                return false;
            }

            any = true;
        }

        return any;
    }

    public static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
