using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>What is known of a message before its body is read: enough to pass it on, or to send it back.</summary>
/// <param name="Call">Interface and method of a call; empty for others.</param>
sealed record WireHeader(
    MessageKind Kind, long Id, SiloAddress Sender, GrainId SenderGrain, SiloAddress Target, GrainId TargetGrain, SiloAddress? Via, SiloAddress? Gateway,
    SiloAddress? Redirect, bool IsPlaced, int ForwardCount, string Call);

/// <summary>
/// Messages of one node as bytes: <c>header (binary) | length, text of the body | count, (length, bytes) of each binary part</c>. Arguments and results are
/// written by their declared types.
/// </summary>
sealed class WireCodec(Node node)
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

    public static WireHeader ReadHeader(ref WireReader reader) => new(
        (MessageKind)reader.Byte(), reader.Int64(), Needed(reader.Address()), reader.Grain(), Needed(reader.Address()), reader.Grain(), reader.Address(), reader.Address(),
        reader.Address(), reader.Flag(), reader.Byte(), WireMethods.NameFrom(reader.Short()));

    /// <summary>The message; <paramref name="answered"/> is the method that a response answers.</summary>
    public Message Decode(WireHeader header, WireReader reader, MethodDescriptor? answered)
    {
        var body = reader.Long();
        var count = reader.Int32();
        var parts = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < count; i++)
        {
            parts.Add(reader.Long().ToArray());
        }

        (Attachments.Current, Reading.Node) = (parts, node);
        try
        {
            var text = new Utf8JsonReader(body);
            Expect(ref text, JsonTokenType.StartArray);
            return header.Kind switch
            {
                MessageKind.Response => Response(header, ref text, answered),
                MessageKind.Request or MessageKind.OneWay => Request(header, ref text),
                MessageKind.Migration => Migration(header, ref text),
                _ => New(header)
            };
        }
        finally
        {
            (Attachments.Current, Reading.Node) = (null, null);
        }
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

    static Message Request(WireHeader header, ref Utf8JsonReader text)
    {
        var method = WireMethods.Find(header.Call) ?? throw new SerializerException($"There is no method {header.Call} here.");
        Next(ref text);
        var values = Context.ReadValue(ref text);
        Next(ref text);
        var chain = text.TokenType == JsonTokenType.Null ? Guid.Empty : text.GetGuid();
        var arguments = new object?[method.ParameterTypes.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            Next(ref text);
            arguments[i] = method.ParameterTypes[i] == typeof(CancellationToken) ? CancellationToken.None : WireValue.Of(method.ParameterTypes[i]).Read(ref text);
        }

        return New(header, method, arguments, values is null && chain == Guid.Empty ? null : new CallContext(values, chain));
    }

    static Message Response(WireHeader header, ref Utf8JsonReader text, MethodDescriptor? answered)
    {
        Next(ref text);
        var succeeded = text.GetBoolean();
        Next(ref text);
        var type = answered?.Shape.ResultType;
        return new Message(MessageKind.Response)
        {
            Id = header.Id,
            Sender = header.Sender,
            SenderGrain = header.SenderGrain,
            Target = header.Target,
            TargetGrain = header.TargetGrain,
            Method = answered,
            Result = succeeded && type is not null ? WireValue.Of(type).Read(ref text) : null,
            Error = succeeded ? null : JsonSerializer.Deserialize<Exception>(ref text, Json)
        };
    }

    static Message Migration(WireHeader header, ref Utf8JsonReader text)
    {
        Next(ref text);
        var values = JsonSerializer.Deserialize<Dictionary<string, object?>>(ref text, Json);
        Next(ref text);
        return new Message(MessageKind.Migration)
        {
            Sender = header.Sender,
            Target = header.Target,
            TargetGrain = header.TargetGrain,
            Migration = new MigrationContext(values ?? []),
            MigratedFrom = JsonSerializer.Deserialize<GrainAddress>(ref text, Json)
        };
    }

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

    // The next value of the body; the array's end instead of it means that the sender wrote fewer.
    static void Next(ref Utf8JsonReader text)
    {
        if (!text.Read() || text.TokenType == JsonTokenType.EndArray)
        {
            throw new SerializerException("The body of the message is shorter than its call.");
        }
    }

    static void Expect(ref Utf8JsonReader text, JsonTokenType token)
    {
        if (!text.Read() || text.TokenType != token)
        {
            throw new SerializerException($"The body of the message does not begin with {token}.");
        }
    }

    static SiloAddress Needed(SiloAddress? address) => address ?? throw new SerializerException("A message has no sender or no target.");
}

/// <summary>Methods by the names that they have in messages.</summary>
static class WireMethods
{
    static readonly ConcurrentDictionary<string, MethodDescriptor> Known = new();
    static readonly ConcurrentDictionary<string, MethodDescriptor>.AlternateLookup<ReadOnlySpan<char>> ByText = Known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Interface, method and the types of its parameters: overloads differ, and so do versions of an interface.</summary>
    public static string NameOf(GrainInterfaceType type, MethodInfo method) =>
        $"{type}.{method.Name}({string.Join(',', method.GetParameters().Select(p => p.ParameterType.ToString()))})";

    /// <summary>The name as text; the same string for a method that was called before.</summary>
    public static string NameFrom(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[512];
        return name.Length <= text.Length && Encoding.UTF8.TryGetChars(name, text, out var length) && ByText.TryGetValue(text[..length], out var known, out _)
            ? known : Encoding.UTF8.GetString(name);
    }

    public static MethodDescriptor? Find(string call)
    {
        if (Known.TryGetValue(call, out var known))
        {
            return known;
        }

        // An interface's name may have points, a method's has none.
        var end = call.IndexOf('(', StringComparison.Ordinal);
        var point = end > 0 ? call.LastIndexOf('.', end) : -1;
        if (point <= 0 || GrainManifest.Current.TryFindInterface(GrainInterfaceType.Create(call[..point])) is not { } type)
        {
            return null;
        }

        var method = type.GetMethods().FirstOrDefault(m => NameOf(GrainNames.InterfaceTypeOf(m.DeclaringType!), m) == call);
        return method is null ? null : Known.GetOrAdd(call, MethodDescriptor.For(method));
    }
}
