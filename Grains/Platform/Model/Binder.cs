using System.Globalization;

namespace Tributary.Grains.Platform.Model;

/// <summary>
/// Gives raw values the types of the schema. Unknown properties are left out; what cannot be what it is declared as is an error of the API with the name
/// of the parameter. Depth is bounded by whoever read the request.
/// </summary>
public sealed class Binder(Schema schema, TimeProvider time)
{
    const string NullSuffix = "__null";

    /// <summary>Times below this, and negative ones, are relative to now: no client means 1980.</summary>
    const long RelativeBelow = 315_360_000;

    /// <summary>The parameters of an action, by name. Optional ones that were not sent have their default, or are not there.</summary>
    public PlatformObject Parameters(ActionType action, RawMap given, IReadOnlySet<string> files)
    {
        var bound = new PlatformObject(action.Name);
        foreach (var parameter in action.Parameters)
        {
            if (parameter.Shape.Kind == ValueKind.File)
            {
                Require(files.Contains(parameter.Name) || parameter.IsOptional, parameter.Name);
            }
            else if (Find(given, parameter.Name, out var raw) && Bind(raw, parameter.Shape, parameter.Name) is { } value)
            {
                bound[parameter.Name] = value;
            }
            else
            {
                Require(parameter.IsOptional, parameter.Name);
                bound[parameter.Name] = parameter.Default is { } text ? Bind(text, parameter.Shape, parameter.Name) : null;
            }
        }

        return bound;
    }

    static void Require(bool fulfilled, string parameter)
    {
        if (!fulfilled)
        {
            throw PlatformException.Of("MISSING_MANDATORY_PARAMETER", parameter);
        }
    }

    // An empty text is a value only for text.
    static bool Find(RawMap given, string name, out object? raw) => given.TryGetValue(name, out raw) && raw is not null;

    object? Bind(object? raw, ValueShape shape, string name) => shape.Kind switch
    {
        _ when raw is null => null,
        ValueKind.Text => raw is RawMap or List<object?> ? throw WrongFormat(name, "string") : Storable(RawValue.Text(raw)),
        ValueKind.Integer => raw is "" ? null : RawValue.TryLong(raw, out var whole) ? whole : throw WrongFormat(name, "int"),
        ValueKind.Number => raw is "" ? null : RawValue.TryNumber(raw, out var number) ? number : throw WrongFormat(name, "float"),
        ValueKind.Truth => RawValue.TryTruth(raw, out var truth) ? truth : throw WrongFormat(name, "bool"),
        ValueKind.Time => raw is "" ? null : RawValue.TryLong(raw, out var seconds) ? Absolute(seconds) : throw WrongFormat(name, "time"),
        ValueKind.NumberEnum or ValueKind.TextEnum => BindEnum(raw, shape, name),
        ValueKind.Array => BindArray(raw, shape.Of, name),
        ValueKind.Map => BindMap(raw, shape.Of, name),
        _ => BindObject(raw, shape.Of, name),
    };

    // PostgreSQL takes no zero in a text, and nobody means one.
    static string Storable(string text) => text.Contains('\0', StringComparison.Ordinal) ? text.Replace("\0", "", StringComparison.Ordinal) : text;

    long Absolute(long seconds) => seconds is < RelativeBelow and not 0 ? time.GetUtcNow().ToUnixTimeSeconds() + seconds : seconds;

    object? BindEnum(object raw, ValueShape shape, string name)
    {
        if (raw is RawMap or List<object?>)
        {
            throw WrongFormat(name, PlatformObject.Prefix + shape.Of);
        }

        var text = RawValue.Text(raw);
        var type = schema.FindEnum(shape.Of);
        if (text.Length == 0 && type?.Has("") != true)
        {
            return null;
        }

        if (type is not null && !type.Has(text))
        {
            throw PlatformException.Of("INVALID_ENUM_VALUE", text, name, PlatformObject.Prefix + shape.Of);
        }

        return shape.Kind == ValueKind.TextEnum ? text : RawValue.TryLong(text, out var whole) ? whole : throw WrongFormat(name, "int");
    }

    List<object?> BindArray(object raw, string of, string name)
    {
        var items = raw switch
        {
            List<object?> list => list,
            RawMap map => [.. map.Where(pair => pair.Key != "-").OrderBy(pair => RawValue.TryLong(pair.Key, out var index) ? index : long.MaxValue).Select(pair => pair.Value)],
            "" => [],
            _ => throw WrongFormat(name, "array"),
        };
        return [.. items.Where(item => item is not null).Select((item, index) => BindItem(item!, of, $"{name}:{index.ToString(CultureInfo.InvariantCulture)}"))];
    }

    PlatformObject? BindMap(object raw, string of, string name) => raw is not RawMap map
        ? throw WrongFormat(name, "map")
        : map.Aggregate(new PlatformObject("Map"), (bound, pair) =>
        {
            bound[Storable(pair.Key)] = pair.Value is null ? null : BindItem(pair.Value, of, $"{name}:{pair.Key}");
            return bound;
        });

    // Lists of plain text are declared as lists of String; old clients send them as objects with a value.
    object? BindItem(object raw, string of, string name) => of switch
    {
        "String" when raw is RawMap map => Storable(map.Text("value")),
        "String" => Storable(RawValue.Text(raw)),
        "Object" when raw is not RawMap => Storable(RawValue.Text(raw)),
        _ => BindObject(raw, of, name),
    };

    PlatformObject? BindObject(object raw, string of, string name)
    {
        if (raw is "")
        {
            return null;
        }

        // Languages that have one kind of array for both write an object without properties as an empty list.
        if ((raw is List<object?> { Count: 0 } ? [] : raw as RawMap) is not { } map)
        {
            throw WrongFormat(name, PlatformObject.Prefix + of);
        }

        var declared = schema.FindObject(of);
        var type = schema.FindObject(map.Text("objectType")) is { } named && (declared is null || named.Is(declared.Name)) ? named : declared;
        if (type is null || type.IsAbstract)
        {
            throw PlatformException.Of("OBJECT_TYPE_ABSTRACT", PlatformObject.Prefix + of);
        }

        return Fill(new PlatformObject(type.Name), type, map);
    }

    PlatformObject Fill(PlatformObject bound, ObjectType type, RawMap map)
    {
        foreach (var (key, raw) in map)
        {
            if (key.EndsWith(NullSuffix, StringComparison.Ordinal) && type.Find(key[..^NullSuffix.Length]) is { IsReadOnly: false } cleared)
            {
                bound[cleared.Name] = null;   // named, and empty: to be cleared
            }
            else if (raw is not null && type.Find(key) is { } property && Bind(raw, property.Shape, key) is { } value)
            {
                bound[key] = property.IsReadOnly ? throw NotUpdatable(property) : value;
            }
        }

        return bound;
    }

    static PlatformException NotUpdatable(Property property) =>
        PlatformException.Of("PROPERTY_VALIDATION_NOT_UPDATABLE", $"{PlatformObject.Prefix}{property.DeclaredIn}::{property.Name}");

    static PlatformException WrongFormat(string name, string format) => PlatformException.Of("PROPERTY_VALIDATION_WRONG_FORMAT", name, format);
}
