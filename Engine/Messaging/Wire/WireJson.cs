using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>How values are written in messages and in storage: System.Text.Json with the engine's own types.</summary>
static class WireJson
{
    /// <summary>Shared by all nodes of the process: what was learned of a type is learned once.</summary>
    public static JsonSerializerOptions Options { get; } = ReadOnly(new()
    {
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters =
        {
            new ReferenceConverterFactory(),
            new ByteArrayConverter(),
            new ReadOnlyMemoryConverter(),
            new MemoryConverter(),
            new ObjectConverter(),
            new AddressConverter(),
            new EndpointConverter(),
            new TokenConverter(),
            new ExceptionConverterFactory(),
            new RecordConverterFactory()
        }
    });

    static JsonSerializerOptions ReadOnly(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

/// <summary>References to grains and observers: the id and the interface.</summary>
sealed class ReferenceConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeof(IAddressable).IsAssignableFrom(typeToConvert);

    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(ReferenceConverter<>).MakeGenericType(typeToConvert))!;
}

/// <summary>The interfaces that references were found to be of.</summary>
static class ReferenceInterfaces
{
    static readonly ConcurrentDictionary<string, Type?> Known = new();

    public static Type? Find(string name) => Known.GetOrAdd(name, static n => GrainManifest.Current.TryFindInterface(GrainInterfaceType.Create(n)));
}

/// <summary>The node that reads on this thread now: references in what it reads send from there.</summary>
static class Reading
{
    [ThreadStatic]
    static Node? _node;

    public static Node? Node { get => _node; set => _node = value; }
}

sealed class ReferenceConverter<T> : JsonConverter<T>
{
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString()!;
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || Reading.Node is not { } node)
        {
            throw new JsonException("A reference was expected, and a node to bind it to.");
        }

        var type = ReferenceInterfaces.Find(text[..space]) ?? (typeof(T).IsInterface ? typeof(T) : typeof(IGrain));
        return (T)(object)node.References.Create(GrainId.Parse(text[(space + 1)..]), type);
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value is GrainReference reference
        ? $"{reference.InterfaceType} {reference.GrainId}"
        : throw new NotSupportedException($"{value!.GetType()} is no reference: pass this.AsReference<T>(), or CreateObjectReference for an observer."));
}

/// <summary>A value of any type, with its type.</summary>
sealed class ObjectConverter : JsonConverter<object>
{
    public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray || !reader.Read())
        {
            throw new JsonException("A type and a value were expected.");
        }

        var type = WireTypes.Find(reader.GetString()!);
        reader.Read();
        var value = type == typeof(object) ? Skipped(ref reader) : JsonSerializer.Deserialize(ref reader, type, options);
        reader.Read();
        return value;
    }

    public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
    {
        var type = value.GetType();
        writer.WriteStartArray();
        writer.WriteStringValue(WireTypes.NameOf(type));
        if (type == typeof(object))
        {
            writer.WriteNullValue();
        }
        else
        {
            JsonSerializer.Serialize(writer, value, value is GrainReference ? typeof(GrainReference) : type, options);
        }

        writer.WriteEndArray();
    }

    static object Skipped(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return new object();
    }
}

sealed class AddressConverter : TextJsonConverter<IPAddress>
{
    protected override IPAddress FromText(string text) => IPAddress.Parse(text);

    protected override string ToText(IPAddress value) => value.ToString();
}

sealed class EndpointConverter : TextJsonConverter<IPEndPoint>
{
    protected override IPEndPoint FromText(string text) => IPEndPoint.Parse(text);

    protected override string ToText(IPEndPoint value) => value.ToString();
}

/// <summary>A token does not travel: the callee gets one of its own.</summary>
sealed class TokenConverter : JsonConverter<CancellationToken>
{
    public override CancellationToken Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Skip();
        return CancellationToken.None;
    }

    public override void Write(Utf8JsonWriter writer, CancellationToken value, JsonSerializerOptions options) => writer.WriteNullValue();
}
