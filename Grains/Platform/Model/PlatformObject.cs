using System.Collections;

namespace Tributary.Grains.Platform.Model;

/// <summary>
/// An object of the platform: a type and its properties, in the order in which they were set. Values are text, long, double, bool, other objects, and
/// lists (<see cref="List{T}"/> of object). Names that begin with an underscore are ours and are never shown. A property that is not set is null.
/// </summary>
public sealed class PlatformObject(string type) : IEnumerable<KeyValuePair<string, object?>>
{
    /// <summary>What the wire puts before the name of every type.</summary>
    public const string Prefix = "Kaltura";

    readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public string Type { get; set; } = type;

    public int Count => _values.Count;

    public object? this[string name]
    {
        get => _values.GetValueOrDefault(name);
        set => _values[name] = value;
    }

    /// <summary>Sets a property; for collection initialisers.</summary>
    public void Add(string name, object? value) => _values[name] = value;

    public bool Has(string name) => _values.TryGetValue(name, out var value) && value is not null;

    /// <summary>Whether a client said anything of it, be it that it shall be empty.</summary>
    public bool Names(string name) => _values.ContainsKey(name);

    public bool Remove(string name) => _values.Remove(name);

    public string Text(string name, string otherwise = "") => this[name] switch
    {
        null => otherwise,
        string text => text,
        bool truth => truth ? "1" : "0",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => otherwise,
    };

    public long Long(string name, long otherwise = 0) => this[name] switch
    {
        long whole => whole,
        double number => (long)number,
        bool truth => truth ? 1 : 0,
        string text when long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var whole) => whole,
        _ => otherwise,
    };

    public int Int(string name, int otherwise = 0) => (int)Math.Clamp(Long(name, otherwise), int.MinValue, int.MaxValue);

    public double Number(string name, double otherwise = 0) => this[name] switch
    {
        double number => number,
        long whole => whole,
        string text when double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
        _ => otherwise,
    };

    /// <summary>Also for the platform's three-valued truth: 1 is true.</summary>
    public bool Truth(string name) => this[name] switch { bool truth => truth, long whole => whole == 1, string text => text is "1" or "true", _ => false };

    public PlatformObject? Object(string name) => this[name] as PlatformObject;

    /// <summary>The objects of a list; none where it is not set.</summary>
    public IEnumerable<PlatformObject> Objects(string name) => (this[name] as List<object?>)?.OfType<PlatformObject>() ?? [];

    /// <summary>The parts of a comma separated text.</summary>
    public string[] Words(string name) => Text(name).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A copy, down to the last value, that may be changed: stored objects may not.</summary>
    public PlatformObject Copy()
    {
        var copy = new PlatformObject(Type);
        foreach (var (name, value) in _values)
        {
            copy._values[name] = CopyOf(value);
        }

        return copy;
    }

    static object? CopyOf(object? value) => value switch
    {
        PlatformObject child => child.Copy(),
        List<object?> list => list.Select(CopyOf).ToList(),
        _ => value,
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{Type} {Text("id")}";
}
