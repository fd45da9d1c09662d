using System.Buffers;
using System.Globalization;
using System.Xml;

namespace Tributary.Media.Captions;

/// <summary>Time expressions of TTML (TTML1 §10.3.1): clock times with a fraction or frames, and offsets with a unit.</summary>
/// <param name="FramesPerSecond">ttp:frameRate times its multiplier.</param>
/// <param name="TicksPerSecond">ttp:tickRate.</param>
readonly record struct TtmlClock(decimal FramesPerSecond, decimal TicksPerSecond)
{
    const decimal Longest = 1e12m;   // milliseconds

    static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public static TtmlClock Default => new(30, 1);

    /// <summary>The clock of a document's root element.</summary>
    public static TtmlClock Of(XmlReader root)
    {
        var frames = Number(TtmlReader.Attribute(root, "frameRate"), 30);
        var parts = (TtmlReader.Attribute(root, "frameRateMultiplier") ?? "").Split(' ', ':');
        if (parts is [var above, var below])
        {
            frames = frames * Number(above, 1) / Number(below, 1);
        }

        return new TtmlClock(frames, Number(TtmlReader.Attribute(root, "tickRate"), TtmlReader.Attribute(root, "frameRate") is null ? 1 : frames));
    }

    static decimal Number(string? text, decimal otherwise) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1e9m ? number : otherwise;

    /// <summary>Milliseconds; false for no text, and for what is no time.</summary>
    public bool TryParse(string? text, out long milliseconds)
    {
        milliseconds = 0;
        text = text?.Trim() ?? "";
        var value = 0m;
        if (text.Contains(':', StringComparison.Ordinal) ? !TryParseClock(text, out value) : !TryParseOffset(text, out value))
        {
            return false;
        }

        milliseconds = (long)Math.Round(value);
        return true;
    }

    // hh:mm:ss, hh:mm:ss.fraction, hh:mm:ss:frames
    bool TryParseClock(string text, out decimal milliseconds)
    {
        milliseconds = 0;
        var fields = text.Split(':');
        if (fields.Length is < 3 or > 4 || !TryNumber(fields[0], out var hours) || !TryNumber(fields[1], out var minutes) || !TryNumber(fields[2], out var seconds))
        {
            return false;
        }

        var frames = 0m;
        if (fields.Length == 4 && !TryNumber(fields[3], out frames))
        {
            return false;
        }

        milliseconds = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + frames * 1_000 / FramesPerSecond;
        return milliseconds <= Longest;
    }

    bool TryParseOffset(string text, out decimal milliseconds)
    {
        var digits = text.AsSpan().IndexOfAnyExcept(Digits);
        milliseconds = 0;
        if (digits <= 0 || !TryNumber(text[..digits], out var value))
        {
            return false;
        }

        var unit = text[digits..] switch
        {
            "h" => 3_600_000m,
            "m" => 60_000m,
            "s" => 1_000m,
            "ms" => 1m,
            "f" => 1_000m / FramesPerSecond,
            "t" => 1_000m / TicksPerSecond,
            _ => 0,
        };
        milliseconds = value * unit;
        return unit > 0 && milliseconds <= Longest;
    }

    static bool TryNumber(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && number < Longest;
}
