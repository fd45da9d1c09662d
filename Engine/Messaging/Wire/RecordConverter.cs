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
    const string TypeName = "$type";

    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException($"An object was expected for {typeof(T)}.");
        }

        object? value = null;
        RecordFields? fields = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (fields is null)
            {
                var type = name == TypeName ? WireTypes.Find(reader.GetString()!) : typeof(T);
                fields = typeof(T).IsAssignableFrom(type) ? RecordFields.Of(type) : throw new JsonException($"{type} is no {typeof(T)}.");
                value = fields.New();
                if (name == TypeName)
                {
                    continue;
                }
            }

            fields.Read(ref reader, name, value!, options);
        }

        return (T)(value ?? RecordFields.Of(typeof(T)).New());
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        var type = value!.GetType();
        if (type != typeof(T))
        {
            writer.WriteString(TypeName, WireTypes.NameOf(type));
        }

        RecordFields.Of(type).Write(writer, value, options);
        writer.WriteEndObject();
    }
}

/// <summary>The fields of one type; a property's field has the property's name.</summary>
sealed class RecordFields
{
    static readonly System.Collections.Concurrent.ConcurrentDictionary<Type, RecordFields> Known = new();
    readonly Dictionary<string, FieldInfo> _fields = [];
    readonly Type _type;
    readonly bool _hasConstructor;

    RecordFields(Type type, Type? below)
    {
        _type = type;
        _hasConstructor = type.IsValueType || type.GetConstructor(Type.EmptyTypes) is not null;
        foreach (var field in GraphCloner.InstanceFields(type))
        {
            if (!typeof(Delegate).IsAssignableFrom(field.FieldType) && (below is null || below.IsAssignableFrom(field.DeclaringType) && field.DeclaringType != below))
            {
                var name = NameOf(field);
                _fields[_fields.ContainsKey(name) ? $"{field.DeclaringType!.Name}.{name}" : name] = field;
            }
        }
    }

    public static RecordFields Of(Type type) => Known.GetOrAdd(type, static t => new RecordFields(t, typeof(Exception).IsAssignableFrom(t) ? typeof(Exception) : null));

    public object New() => _hasConstructor ? Activator.CreateInstance(_type)! : RuntimeHelpers.GetUninitializedObject(_type);

    public void Read(ref Utf8JsonReader reader, string name, object target, JsonSerializerOptions options)
    {
        if (_fields.TryGetValue(name, out var field))
        {
            field.SetValue(target, JsonSerializer.Deserialize(ref reader, field.FieldType, options));
        }
        else
        {
            reader.Skip();
        }
    }

    public void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
    {
        foreach (var (name, field) in _fields)
        {
            if (field.GetValue(value) is { } member)
            {
                writer.WritePropertyName(name);
                JsonSerializer.Serialize(writer, member, field.FieldType, options);
            }
        }
    }

    // The compiler calls the field of a property <Name>k__BackingField, and that of a captured constructor parameter <name>P.
    static string NameOf(FieldInfo field) => field.Name is ['<', ..] && field.Name.IndexOf('>', StringComparison.Ordinal) is > 1 and var end ? field.Name[1..end] : field.Name;
}
