using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>Writes an id as its text; also as the name of a property, so that dictionaries keyed by ids work.</summary>
abstract class TextJsonConverter<T> : JsonConverter<T>
{
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? default : FromText(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(ToText(value));

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => FromText(reader.GetString()!);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(ToText(value));

    protected abstract T FromText(string text);

    protected abstract string ToText(T value);
}

sealed class GrainIdJsonConverter : TextJsonConverter<GrainId>
{
    protected override GrainId FromText(string text) => GrainId.Parse(text);

    protected override string ToText(GrainId value) => value.ToString();
}

sealed class SiloAddressConverter : TextJsonConverter<SiloAddress>
{
    protected override SiloAddress FromText(string text) => SiloAddress.FromParsableString(text);

    protected override string ToText(SiloAddress value) => value.ToParsableString();
}

sealed class ActivationIdConverter : TextJsonConverter<ActivationId>
{
    protected override ActivationId FromText(string text) => ActivationId.FromParsableString(text);

    protected override string ToText(ActivationId value) => value.ToParsableString();
}
