using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>What is known of a message before its body is read: enough to pass it on, or to send it back.</summary>
sealed record WireHeader(
    MessageKind Kind, long Id, SiloAddress Sender, GrainId SenderGrain, SiloAddress Target, GrainId TargetGrain, SiloAddress? Via, SiloAddress? Gateway,
    SiloAddress? Redirect, bool IsPlaced, int ForwardCount, string Interface, string Method);

/// <summary>
/// Messages of one node as bytes: <c>header (binary) | length, text of the body | count, (length, bytes) of each binary part</c>. Arguments and results are
/// written by their declared types.
/// </summary>
sealed class WireCodec(Node node)
{
    static readonly ConcurrentDictionary<(string Interface, string Method), MethodDescriptor?> Methods = new();
    static readonly ConcurrentDictionary<MethodInfo, string> Names = new();
    static readonly JsonSerializerOptions Json = WireJson.Options;

    public byte[] Encode(Message message, int space)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        using var stream = new MemoryStream(256);
        stream.SetLength(space);
        stream.Position = space;
        using var writer = new BinaryWriter(stream);
        WriteHeader(writer, message);
        Attachments.Current = parts;
        try
        {
            var body = WriteBody(message);
            writer.Write(body.Length);
            writer.Write(body);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new SerializerException($"{message} cannot be written: {exception.Message}", exception);
        }
        finally
        {
            Attachments.Current = null;
        }

        writer.Write(parts.Count);
        foreach (var part in parts)
        {
            writer.Write(part.Length);
            writer.Write(part.Span);
        }

        writer.Flush();
        return stream.ToArray();
    }

    public static WireHeader ReadHeader(BinaryReader reader) => new(
        (MessageKind)reader.ReadByte(), reader.ReadInt64(), SiloAddress.Parse(reader.ReadString()), Grain(reader.ReadString()), SiloAddress.Parse(reader.ReadString()),
        Grain(reader.ReadString()), Optional(reader.ReadString()), Optional(reader.ReadString()), Optional(reader.ReadString()), reader.ReadBoolean(), reader.ReadByte(), reader.ReadString(),
        reader.ReadString());

    /// <summary>The message; <paramref name="answered"/> is the method that a response answers.</summary>
    public Message Decode(WireHeader header, BinaryReader reader, MethodDescriptor? answered)
    {
        var body = ReadBytes(reader);
        var count = reader.ReadInt32();
        var parts = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < count; i++)
        {
            parts.Add(ReadBytes(reader));
        }

        (Attachments.Current, Reading.Node) = (parts, node);
        try
        {
            return header.Kind switch
            {
                MessageKind.Response => Response(header, body, answered),
                MessageKind.Request or MessageKind.OneWay => Request(header, body),
                MessageKind.Migration => Migration(header, body),
                _ => New(header)
            };
        }
        finally
        {
            (Attachments.Current, Reading.Node) = (null, null);
        }
    }

    static void WriteHeader(BinaryWriter writer, Message message)
    {
        writer.Write((byte)message.Kind);
        writer.Write(message.Id);
        writer.Write(message.Sender.ToParsableString());
        writer.Write(Text(message.SenderGrain));
        writer.Write(message.Target!.ToParsableString());
        writer.Write(Text(message.TargetGrain));
        writer.Write(message.Via?.ToParsableString() ?? "");
        writer.Write(message.Gateway?.ToParsableString() ?? "");
        writer.Write(message.Redirect?.ToParsableString() ?? "");
        writer.Write(message.IsPlaced);
        writer.Write((byte)Math.Min(message.ForwardCount, byte.MaxValue));
        var isCall = message.Kind is MessageKind.Request or MessageKind.OneWay;
        writer.Write(isCall ? message.Method!.InterfaceType.ToString()! : "");
        writer.Write(isCall ? NameOf(message.Method!.Method) : "");
    }

    byte[] WriteBody(Message message)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
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

        return buffer.WrittenSpan.ToArray();
    }

    void WriteCall(Utf8JsonWriter writer, Message message)
    {
        JsonSerializer.Serialize(writer, message.Context?.Values, Json);
        JsonSerializer.Serialize(writer, message.Context?.ReentrancyId ?? Guid.Empty, Json);
        var types = message.Method!.ParameterTypes;
        for (var i = 0; i < types.Length; i++)
        {
            Write(writer, types[i] == typeof(CancellationToken) ? null : message.Arguments[i], types[i]);
        }
    }

    void Write(Utf8JsonWriter writer, object? value, Type? type)
    {
        if (value is null || type is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            JsonSerializer.Serialize(writer, value, type, Json);
        }
    }

    Message Request(WireHeader header, byte[] body)
    {
        var method = Find(header) ?? throw new SerializerException($"There is no method {header.Interface}.{header.Method} here.");
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        var values = root[0].Deserialize<Dictionary<string, object>>(Json);
        var chain = root[1].Deserialize<Guid>(Json);
        var arguments = new object?[method.ParameterTypes.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = method.ParameterTypes[i] == typeof(CancellationToken) ? CancellationToken.None : Read(root[i + 2], method.ParameterTypes[i]);
        }

        return New(header, method, arguments, values is null && chain == Guid.Empty ? null : new CallContext(values, chain));
    }

    Message Response(WireHeader header, byte[] body, MethodDescriptor? answered)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        var succeeded = root[0].GetBoolean();
        var type = answered?.Shape.ResultType;
        return new Message(MessageKind.Response)
        {
            Id = header.Id,
            Sender = header.Sender,
            SenderGrain = header.SenderGrain,
            Target = header.Target,
            TargetGrain = header.TargetGrain,
            Method = answered,
            Result = succeeded && type is not null ? Read(root[1], type) : null,
            Error = succeeded ? null : root[1].Deserialize<Exception>(Json)
        };
    }

    Message Migration(WireHeader header, byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return new Message(MessageKind.Migration)
        {
            Sender = header.Sender,
            Target = header.Target,
            TargetGrain = header.TargetGrain,
            Migration = new MigrationContext(document.RootElement[0].Deserialize<Dictionary<string, object?>>(Json) ?? []),
            MigratedFrom = document.RootElement[1].Deserialize<GrainAddress>(Json)
        };
    }

    object? Read(JsonElement element, Type type) => element.ValueKind == JsonValueKind.Null && (!type.IsValueType || Nullable.GetUnderlyingType(type) is not null)
        ? null : element.Deserialize(type, Json);

    static Message New(WireHeader header, MethodDescriptor? method = null, object?[]? arguments = null, CallContext? context = null) => new(header.Kind)
    {
        Id = header.Id,
        Sender = header.Sender,
        SenderGrain = header.SenderGrain,
        Target = header.Target,
        TargetGrain = header.TargetGrain,
        Via = header.Via,
        Gateway = header.Gateway,
        IsPlaced = header.IsPlaced,
        ForwardCount = header.ForwardCount,
        Method = method,
        Arguments = arguments ?? [],
        Context = context
    };

    static MethodDescriptor? Find(WireHeader header) => Methods.GetOrAdd((header.Interface, header.Method), static key =>
        GrainManifest.Current.TryFindInterface(GrainInterfaceType.Create(key.Interface))?.GetMethods().FirstOrDefault(m => NameOf(m) == key.Method) is { } method
            ? MethodDescriptor.For(method) : null);

    static string NameOf(MethodInfo method) => Names.GetOrAdd(method, static m => $"{m.Name}({string.Join(',', m.GetParameters().Select(p => p.ParameterType.ToString()))})");

    static byte[] ReadBytes(BinaryReader reader)
    {
        var length = reader.ReadInt32();
        return length >= 0 && length <= reader.BaseStream.Length - reader.BaseStream.Position
            ? reader.ReadBytes(length) : throw new SerializerException("A part of the message is longer than the message.");
    }

    static string Text(GrainId grain) => grain.IsDefault ? "" : grain.ToString();

    static GrainId Grain(string text) => text.Length == 0 ? default : GrainId.Parse(text);

    static SiloAddress? Optional(string text) => text.Length == 0 ? null : SiloAddress.Parse(text);
}
