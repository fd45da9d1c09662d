using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// How values of one declared type are written and read: straight by their converter. The serializer's own entry looks ahead over each value before it reads it,
/// which for fields within fields is most of the work.
/// </summary>
abstract class WireValue
{
    static readonly ConcurrentDictionary<Type, WireValue> Known = new();

    public static WireValue Of(Type type) =>
        Known.TryGetValue(type, out var known) ? known : Known.GetOrAdd(type, static t => (WireValue)Activator.CreateInstance(typeof(WireValue<>).MakeGenericType(t))!);

    public abstract void Write(Utf8JsonWriter writer, object? value);

    /// <summary>The value at the reader's token, which is its last one afterwards.</summary>
    public abstract object? Read(ref Utf8JsonReader reader);
}

sealed class WireValue<T> : WireValue
{
    readonly JsonConverter<T>? _converter;

    // Only the serializer's entry knows the names of what is no number, such as NaN.
    public WireValue() => _converter = IsFloatingPoint ? null : WireJson.Options.GetConverter(typeof(T)) as JsonConverter<T>;

    static bool IsFloatingPoint => (Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T)) is var type && (type == typeof(double) || type == typeof(float) || type == typeof(Half));

    public override void Write(Utf8JsonWriter writer, object? value) => Write(writer, (T?)value);

    public override object? Read(ref Utf8JsonReader reader) => ReadValue(ref reader);

    public void Write(Utf8JsonWriter writer, T? value)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else if (_converter is null)
        {
            JsonSerializer.Serialize(writer, value, WireJson.Options);
        }
        else
        {
            _converter.Write(writer, value, WireJson.Options);
        }
    }

    public T? ReadValue(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null && default(T) is null)
        {
            return default;
        }

        return _converter is null ? JsonSerializer.Deserialize<T>(ref reader, WireJson.Options) : _converter.Read(ref reader, typeof(T), WireJson.Options);
    }
}
