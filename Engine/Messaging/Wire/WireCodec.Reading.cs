using System.Text.Json;
using Orleans.Serialization;

namespace Orleans.Runtime;

// Messages from bytes.
sealed partial class WireCodec
{
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
