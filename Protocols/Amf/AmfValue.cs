using System.Globalization;

namespace Tributary.Protocols.Amf;

/// <summary>
/// What an <see cref="AmfValue"/> holds. AMF's nulls, undefineds and types that no media peer uses all read as <see cref="Null"/>.
/// </summary>
public enum AmfKind : byte
{
    Null,
    Number,
    Boolean,
    String,
    Object,
    EcmaArray,
    StrictArray,
    Date,
}

/// <summary>One named value of an object.</summary>
public readonly record struct AmfProperty(string Name, AmfValue Value);

/// <summary>One AMF value as it was read (AMF 0 specification §2). Commands and metadata only: media never passes through here.</summary>
public sealed class AmfValue
{
    public static AmfValue Null { get; } = new() { Kind = AmfKind.Null };

    public AmfKind Kind { get; private init; }

    /// <summary>The number; 0 or 1 for a boolean; milliseconds since 1970 for a date; else 0.</summary>
    public double Number { get; private init; }

    /// <summary>The string, or an empty one where the value is none.</summary>
    public string String { get; private init; } = "";

    /// <summary>The properties of an object or ECMA array, in their order.</summary>
    public IReadOnlyList<AmfProperty> Properties { get; private init; } = [];

    /// <summary>The elements of a strict array.</summary>
    public IReadOnlyList<AmfValue> Elements { get; private init; } = [];

    public bool Boolean => Number != 0;

    public bool HasProperties => Kind is AmfKind.Object or AmfKind.EcmaArray;

    /// <summary>The property of that name, or <see cref="Null"/>.</summary>
    public AmfValue this[string name]
    {
        get
        {
            foreach (var property in Properties)
            {
                if (property.Name == name)
                {
                    return property.Value;
                }
            }

            return Null;
        }
    }

    public static AmfValue Of(double number) => new() { Kind = AmfKind.Number, Number = number };

    public static AmfValue Of(bool value) => new() { Kind = AmfKind.Boolean, Number = value ? 1 : 0 };

    public static AmfValue Of(string value) => new() { Kind = AmfKind.String, String = value };

    public static AmfValue Date(double milliseconds) => new() { Kind = AmfKind.Date, Number = milliseconds };

    public static AmfValue Object(IReadOnlyList<AmfProperty> properties) => new() { Kind = AmfKind.Object, Properties = properties };

    public static AmfValue EcmaArray(IReadOnlyList<AmfProperty> properties) => new() { Kind = AmfKind.EcmaArray, Properties = properties };

    public static AmfValue StrictArray(IReadOnlyList<AmfValue> elements) => new() { Kind = AmfKind.StrictArray, Elements = elements };

    /// <summary>A simple value as people read it; empty for objects and arrays.</summary>
    public override string ToString() => Kind switch
    {
        AmfKind.String => String,
        AmfKind.Boolean => Boolean ? "true" : "false",
        AmfKind.Number or AmfKind.Date => Number.ToString(CultureInfo.InvariantCulture),
        _ => "",
    };
}
