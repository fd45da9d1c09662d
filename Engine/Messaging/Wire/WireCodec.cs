using System.Text.Json;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// Messages of one node as bytes: <c>header (binary) | length, text of the body | count, (length, bytes) of each binary part</c>. Arguments and results are
/// written by their declared types.
/// </summary>
sealed partial class WireCodec(Node node)
{
    static readonly JsonSerializerOptions Json = WireJson.Options;
    static readonly WireValue<Dictionary<string, object>> Context = (WireValue<Dictionary<string, object>>)WireValue.Of(typeof(Dictionary<string, object>));

    /// <summary>The message behind <paramref name="space"/> free bytes.</summary>
    public static byte[] Encode(Message message, int space)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        var writer = WireWriter.Begin(space);
        WriteHeader(writer, message);
        Attachments.Current = parts;
        try
        {
            writer.Text(message, static (text, m) => WriteBody(text, m));
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new SerializerException($"{message} cannot be written: {exception.Message}", exception);
        }
        finally
        {
            Attachments.Current = null;
        }

        writer.Int32(parts.Count);
        foreach (var part in parts)
        {
            writer.Long(part.Span);
        }

        return writer.ToArray();
    }

    static void WriteHeader(WireWriter writer, Message message)
    {
        writer.Byte((byte)message.Kind);
        writer.Int64(message.Id);
        writer.Address(message.Sender);
        writer.Grain(message.SenderGrain);
        writer.Address(message.Target!);
        writer.Grain(message.TargetGrain);
        writer.Address(message.Via);
        writer.Address(message.Gateway);
        writer.Address(message.Redirect);
        writer.Flag(message.IsPlaced);
        writer.Byte((byte)Math.Min(message.ForwardCount, byte.MaxValue));
        writer.Short(message.Kind is MessageKind.Request or MessageKind.OneWay ? message.Method!.WireName : []);
    }

    static void WriteBody(Utf8JsonWriter writer, Message message)
    {
        writer.WriteStartArray();
        switch (message.Kind)
        {
            case MessageKind.Response when message.Error is { } error:
                writer.WriteBooleanValue(false);
                JsonSerializer.Serialize(writer, error, Json);
                break;
            case MessageKind.Response:
                writer.WriteBooleanValue(true);
                Write(writer, message.Result, message.Method?.Shape.ResultType);
                break;
            case MessageKind.Migration:
                JsonSerializer.Serialize(writer, message.Migration!.Values, Json);
                JsonSerializer.Serialize(writer, message.MigratedFrom, Json);
                break;
            case MessageKind.Request or MessageKind.OneWay:
                WriteCall(writer, message);
                break;
        }

        writer.WriteEndArray();
    }

    // The context's values, its chain where there is one, and the arguments.
    static void WriteCall(Utf8JsonWriter writer, Message message)
    {
        Context.Write(writer, message.Context?.Values);
        if (message.Context is { ReentrancyId: var chain } && chain != Guid.Empty)
        {
            writer.WriteStringValue(chain);
        }
        else
        {
            writer.WriteNullValue();
        }

        var types = message.Method!.ParameterTypes;
        for (var i = 0; i < types.Length; i++)
        {
            Write(writer, types[i] == typeof(CancellationToken) ? null : message.Arguments[i], types[i]);
        }
    }

    static void Write(Utf8JsonWriter writer, object? value, Type? type)
    {
        if (value is null || type is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            WireValue.Of(type).Write(writer, value);
        }
    }
}
