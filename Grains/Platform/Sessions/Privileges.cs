namespace Tributary.Grains.Platform.Sessions;

/// <summary>What a session may do beyond its type: names with optional values, <c>edit:ENTRY,sview:*,iprestrict:A/B</c>.</summary>
public sealed class Privileges
{
    readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    public static Privileges Parse(string text)
    {
        var privileges = new Privileges();
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = (word == "*" ? "all:*" : word).Split(':', 2);
            var values = privileges._values.TryGetValue(parts[0], out var known) ? known : privileges._values[parts[0]] = [];
            if (parts.Length > 1)
            {
                values.Add(parts[1]);
            }
        }

        return privileges;
    }

    public bool IsAll => _values.TryGetValue("all", out var values) && values.Contains("*");

    public bool Names(string name) => _values.ContainsKey(name);

    /// <summary>The first value of a privilege; null where it is not there or has none.</summary>
    public string? Value(string name) => _values.TryGetValue(name, out var values) && values.Count > 0 ? values[0] : null;

    /// <summary>The values between slashes.</summary>
    public IEnumerable<string> Values(string name) => _values.TryGetValue(name, out var values) ? values.SelectMany(value => value.Split('/')) : [];

    /// <summary>Whether the session has the privilege for a value: by <c>*</c>, by <c>name:*</c> or by naming it.</summary>
    public bool Allows(string name, string value) => IsAll || Values(name).Any(given => given == "*" || given == value);
}
