namespace Tributary.Grains.Platform.Model;

/// <summary>What a property or parameter may hold.</summary>
public enum ValueKind
{
    Text,
    Integer,
    Number,
    Truth,

    /// <summary>Unix seconds.</summary>
    Time,
    NumberEnum,
    TextEnum,
    Array,
    Map,
    Object,
    File,
}

/// <summary>A kind, and the name of the enum or object type behind it.</summary>
public readonly record struct ValueShape(ValueKind Kind, string Of)
{
    /// <summary>Reads <c>s</c>, <c>e.RecordStatus</c>, <c>[].Rule</c> …: the notation of the schema's files.</summary>
    public static ValueShape Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var kind = (dot < 0 ? text : text[..dot]) switch
        {
            "s" => ValueKind.Text,
            "i" => ValueKind.Integer,
            "d" => ValueKind.Number,
            "b" => ValueKind.Truth,
            "t" => ValueKind.Time,
            "e" => ValueKind.NumberEnum,
            "E" => ValueKind.TextEnum,
            "[]" => ValueKind.Array,
            "m" => ValueKind.Map,
            "o" => ValueKind.Object,
            "f" => ValueKind.File,
            var unknown => throw new InvalidDataException($"The schema has no kind '{unknown}'."),
        };
        return new ValueShape(kind, dot < 0 ? "" : text[(dot + 1)..]);
    }
}

/// <summary>A property of an object type.</summary>
public sealed record Property(string Name, ValueShape Shape, bool IsReadOnly, string DeclaredIn);

/// <summary>An object type of the platform's model, with what it has from its parents. Names are without the prefix that the wire has.</summary>
public sealed class ObjectType(string name, ObjectType? parent, bool isAbstract, IReadOnlyList<Property> own)
{
    readonly Dictionary<string, Property> _properties = new(
        (parent?._properties.AsEnumerable() ?? []).Concat(own.Select(property => KeyValuePair.Create(property.Name, property))), StringComparer.Ordinal);

    public string Name => name;

    public ObjectType? Parent => parent;

    public bool IsAbstract => isAbstract;

    public IEnumerable<Property> Properties => _properties.Values;

    public Property? Find(string property) => _properties.GetValueOrDefault(property);

    /// <summary>Whether this is <paramref name="ancestor"/> or below it.</summary>
    public bool Is(string ancestor)
    {
        for (var type = this; type is not null; type = type.Parent)
        {
            if (type.Name == ancestor)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>An enum: names and the values on the wire.</summary>
public sealed class EnumType(string name, bool isText, IReadOnlyDictionary<string, string> values)
{
    readonly HashSet<string> _values = [.. values.Values];

    public string Name => name;

    public bool IsText => isText;

    public IReadOnlyDictionary<string, string> Values => values;

    /// <summary>Whether the wire may say this. Plug-ins extend text enums by values of the form <c>plugin.NAME</c>.</summary>
    public bool Has(string value) => _values.Contains(value) || isText && value.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && dot < value.Length - 1;
}

/// <summary>A parameter of an action.</summary>
public sealed record Parameter(string Name, ValueShape Shape, bool IsOptional, string? Default);

/// <summary>An action: what it takes and the type that it returns.</summary>
public sealed record ActionType(string Service, string Name, IReadOnlyList<Parameter> Parameters, string Returns);

/// <summary>A service: its name in URLs (lower case), and its actions by name, without regard to case.</summary>
public sealed record ServiceType(string UrlName, string Name, IReadOnlyDictionary<string, ActionType> Actions);

/// <summary>An error: its lists of argument names, and the message of each with <c>@NAME@</c> holes.</summary>
public sealed record ErrorType(string Code, IReadOnlyList<IReadOnlyList<string>> Arguments, IReadOnlyList<string> Messages);
