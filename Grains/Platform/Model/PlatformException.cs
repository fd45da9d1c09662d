namespace Tributary.Grains.Platform.Model;

/// <summary>An error that the API answers with: its code, its arguments by name in order, and the sentence for people.</summary>
public sealed class PlatformException : Exception
{
    PlatformException(string code, string message, IReadOnlyList<KeyValuePair<string, string>> arguments) : base(message) => (Code, Arguments) = (code, arguments);

    public string Code { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Arguments { get; }

    /// <summary>An error of the schema. Of several argument lists the first with as many names as there are values counts.</summary>
    public static PlatformException Of(string code, params object[] values)
    {
        var type = Schema.Instance.FindError(code) ?? throw new ArgumentException($"There is no error {code} in the schema.", nameof(code));
        for (var at = 0; at < type.Arguments.Count; at++)
        {
            if (type.Arguments[at].Count == values.Length)
            {
                return Make(type, at, values);
            }
        }

        throw new ArgumentException($"{code} has no list of {values.Length} arguments.", nameof(values));
    }

    /// <summary>The error whose argument list begins with <paramref name="first"/>, where the number of values does not tell.</summary>
    public static PlatformException Named(string code, string first, params object[] values)
    {
        var type = Schema.Instance.FindError(code) ?? throw new ArgumentException($"There is no error {code} in the schema.", nameof(code));
        var at = type.Arguments.ToList().FindIndex(list => list.Count == values.Length && list.Count > 0 && list[0] == first);
        return at >= 0 ? Make(type, at, values) : throw new ArgumentException($"{code} has no argument list that begins with {first}.", nameof(first));
    }

    /// <summary>An error that another platform answered with, whether our schema has it or not.</summary>
    public static PlatformException Told(string code, string message) => new(code, message, []);

    static PlatformException Make(ErrorType type, int at, object[] values)
    {
        var arguments = type.Arguments[at].Zip(values, (name, value) => KeyValuePair.Create(name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "")).ToArray();
        var message = arguments.Aggregate(type.Messages[Math.Min(at, type.Messages.Count - 1)], (text, argument) => text.Replace($"@{argument.Key}@", argument.Value, StringComparison.Ordinal));
        return new PlatformException(type.Code, message, arguments);
    }
}
