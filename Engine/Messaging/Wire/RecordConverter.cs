using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// Writes the types with [GenerateSerializer] as an object of their fields, whatever constructors and setters they have; a value of a derived type says which.
/// Members that the reader does not know are skipped, and those that the writer did not know keep what the constructor without parameters gives, if there is one.
/// </summary>
sealed class RecordConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => !typeToConvert.IsEnum && typeToConvert.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)
        && !typeToConvert.IsDefined(typeof(JsonConverterAttribute), inherit: false) && !typeof(Exception).IsAssignableFrom(typeToConvert);

    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(RecordConverter<>).MakeGenericType(typeToConvert))!;
}

sealed class RecordConverter<T> : JsonConverter<T>
{
    static ReadOnlySpan<byte> TypeName => "$type"u8;

    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException($"An object was expected for {typeof(T)}.");
        }

        object? value = null;
        RecordFields? fields = null;
        var place = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (fields is null)
            {
                fields = FieldsOf(ref reader, out var isRead);
                value = fields.New();
                if (isRead)
                {
                    continue;
                }
            }

            fields.Read(ref reader, value!, ref place);
        }

        return (T)(value ?? RecordFields.Of(typeof(T)).New());
    }

    // The first member may be the name of a derived type.
    static RecordFields FieldsOf(ref Utf8JsonReader reader, out bool isRead)
    {
        isRead = reader.ValueTextEquals(TypeName);
        if (!isRead)
        {
            return RecordFields.Of(typeof(T));
        }

        reader.Read();
        var type = WireTypes.Find(reader.GetString()!);
        return typeof(T).IsAssignableFrom(type) ? RecordFields.Of(type) : throw new JsonException($"{type} is no {typeof(T)}.");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        var type = value!.GetType();
        if (type != typeof(T))
        {
            writer.WriteString(TypeName, WireTypes.NameOf(type));
        }

        RecordFields.Of(type).Write(writer, value);
        writer.WriteEndObject();
    }
}

/// <summary>The fields of one type; a property's field has the property's name.</summary>
sealed class RecordFields
{
    static readonly ConcurrentDictionary<Type, RecordFields> Known = new();
    readonly RecordField[] _fields;
    readonly Type _type;
    readonly bool _hasConstructor;

    RecordFields(Type type, Type? below)
    {
        _type = type;
        _hasConstructor = type.IsValueType || type.GetConstructor(Type.EmptyTypes) is not null;
        var fields = new Dictionary<string, RecordField>();
        foreach (var field in GraphCloner.InstanceFields(type))
        {
            if (!typeof(Delegate).IsAssignableFrom(field.FieldType) && (below is null || below.IsAssignableFrom(field.DeclaringType) && field.DeclaringType != below))
            {
                var name = NameOf(field);
                name = fields.ContainsKey(name) ? $"{field.DeclaringType!.Name}.{name}" : name;
                fields.Add(name, RecordField.Of(field, name));
            }
        }

        _fields = [.. fields.Values];
    }

    public static RecordFields Of(Type type) => Known.TryGetValue(type, out var known) ? known
        : Known.GetOrAdd(type, static t => new RecordFields(t, typeof(Exception).IsAssignableFrom(t) ? typeof(Exception) : null));

    public object New() => _hasConstructor ? Activator.CreateInstance(_type)! : RuntimeHelpers.GetUninitializedObject(_type);

    /// <summary>Reads the member whose name the reader is at. Members come in the order of the fields: <paramref name="place"/> is where the next one is looked for.</summary>
    public void Read(ref Utf8JsonReader reader, object target, ref int place)
    {
        for (var i = 0; i < _fields.Length; i++)
        {
            var at = (place + i) % _fields.Length;
            if (reader.ValueTextEquals(_fields[at].Name.EncodedUtf8Bytes))
            {
                place = at + 1;
                reader.Read();
                _fields[at].Read(ref reader, target);
                return;
            }
        }

        reader.Read();
        reader.Skip();
    }

    public void Write(Utf8JsonWriter writer, object value)
    {
        foreach (var field in _fields)
        {
            field.Write(writer, value);
        }
    }

    // The compiler calls the field of a property <Name>k__BackingField, and that of a captured constructor parameter <name>P.
    static string NameOf(FieldInfo field) => field.Name is ['<', ..] && field.Name.IndexOf('>', StringComparison.Ordinal) is > 1 and var end ? field.Name[1..end] : field.Name;
}
