namespace Tributary.Grains.Platform.Model;

/// <summary>
/// What a request said, before the schema gives it types: null, text, long, double, bool, <see cref="RawMap"/>, or a list of such. Forms know only text
/// and maps.
/// </summary>
public sealed class RawMap : Dictionary<string, object?>
{
    public RawMap() : base(StringComparer.Ordinal) { }

    public RawMap(RawMap other) : base(other, StringComparer.Ordinal) { }

    /// <summary>A value as text, as headers, URLs and forms give it.</summary>
    public string Text(string name) => RawValue.Text(GetValueOrDefault(name));

    object? GetValueOrDefault(string name) => TryGetValue(name, out var value) ? value : null;
}

/// <summary>Reads raw values leniently: clients send numbers as text, and the reverse.</summary>
public static class RawValue
{
    public static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool truth => truth ? "1" : "0",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => "",
    };

    public static bool TryLong(object? value, out long whole)
    {
        switch (value)
        {
            case long given:
                whole = given;
                return true;
            case double number when Math.Abs(number) < 9e18:
                whole = (long)number;
                return true;
            case bool truth:
                whole = truth ? 1 : 0;
                return true;
            case string text when long.TryParse(text.Trim(), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out whole):
                return true;
            case string text when TryNumber(text, out var fraction) && Math.Abs(fraction) < 9e18:
                whole = (long)fraction;
                return true;
            case "true" or "false":
                whole = value is "true" ? 1 : 0;
                return true;
            default:
                whole = 0;
                return false;
        }
    }

    public static bool TryNumber(object? value, out double number)
    {
        switch (value)
        {
            case double given:
                number = given;
                return true;
            case long whole:
                number = whole;
                return true;
            case string text when double.TryParse(text.Trim(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out number) && double.IsFinite(number):
                return true;
            default:
                number = 0;
                return false;
        }
    }

    public static bool TryTruth(object? value, out bool truth)
    {
        truth = value switch { bool given => given, long whole => whole != 0, double number => number != 0, string text => text is "1" or "true" or "True" or "TRUE", _ => false };
        return value is bool or long or double or "" or "0" or "1" or "true" or "false" or "True" or "False" or "TRUE" or "FALSE";
    }
}
