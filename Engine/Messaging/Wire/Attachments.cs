using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// The binary parts of the message that this thread writes or reads: the text holds their numbers. Outside of a message (in storage, say) bytes are written as
/// Base64.
/// </summary>
static class Attachments
{
    [ThreadStatic]
    static List<ReadOnlyMemory<byte>>? _current;

    public static List<ReadOnlyMemory<byte>>? Current { get => _current; set => _current = value; }
}

/// <summary>Bytes out of line.</summary>
abstract class BytesConverter<T> : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType == JsonTokenType.Number
        ? FromBytes(Attachments.Current is { } parts && reader.GetInt32() is >= 0 and var index && index < parts.Count
            ? parts[index] : throw new JsonException("A binary part of the message is missing."))
        : FromBytes(reader.GetBytesFromBase64());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (Attachments.Current is not { } parts)
        {
            writer.WriteBase64StringValue(ToBytes(value).Span);
            return;
        }

        writer.WriteNumberValue(parts.Count);
        parts.Add(ToBytes(value));
    }

    protected abstract T FromBytes(ReadOnlyMemory<byte> bytes);

    protected abstract ReadOnlyMemory<byte> ToBytes(T value);
}

sealed class ByteArrayConverter : BytesConverter<byte[]>
{
    protected override byte[] FromBytes(ReadOnlyMemory<byte> bytes) => bytes.ToArray();

    protected override ReadOnlyMemory<byte> ToBytes(byte[] value) => value;
}

sealed class ReadOnlyMemoryConverter : BytesConverter<ReadOnlyMemory<byte>>
{
    protected override ReadOnlyMemory<byte> FromBytes(ReadOnlyMemory<byte> bytes) => bytes;

    protected override ReadOnlyMemory<byte> ToBytes(ReadOnlyMemory<byte> value) => value;
}

sealed class MemoryConverter : BytesConverter<Memory<byte>>
{
    protected override Memory<byte> FromBytes(ReadOnlyMemory<byte> bytes) => bytes.ToArray();

    protected override ReadOnlyMemory<byte> ToBytes(Memory<byte> value) => value;
}
