using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>Exceptions travel as type name, message, stack and cause; those with [GenerateSerializer] with their own fields too.</summary>
sealed class ExceptionConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeof(Exception).IsAssignableFrom(typeToConvert);

    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(ExceptionConverter<>).MakeGenericType(typeToConvert))!;
}

sealed class ExceptionConverter<T> : JsonConverter<T> where T : Exception
{
    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var parts = ExceptionParts.Read(ref reader, options);
        return parts.Make() as T ?? throw new JsonException($"{parts.Type} is no {typeof(T)}.");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => ExceptionParts.Write(writer, value, options);
}

/// <summary>An exception whose type this process does not know, or cannot make.</summary>
sealed class RemoteException(string type, string message, Exception? inner) : OrleansException($"{type}: {message}", inner);

sealed class ExceptionParts
{
    static readonly FieldInfo Message = Field("_message");
    static readonly FieldInfo Inner = Field("_innerException");
    static readonly FieldInfo Code = Field("_HResult");

    public string Type { get; private set; } = "";

    string _message = "";
    string? _stack;
    int _code;
    Exception? _inner;
    Exception? _value;

    public static void Write(Utf8JsonWriter writer, Exception value, JsonSerializerOptions options)
    {
        var type = value.GetType();
        writer.WriteStartObject();
        writer.WriteString("type", value is RemoteException ? typeof(OrleansException).AssemblyQualifiedName : type.AssemblyQualifiedName);
        writer.WriteString("message", value.Message);
        writer.WriteString("stack", value.StackTrace);
        writer.WriteNumber("code", value.HResult);
        if (value.InnerException is { } inner)
        {
            writer.WritePropertyName("inner");
            Write(writer, inner, options);
        }

        if (type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        {
            writer.WriteStartObject("fields");
            RecordFields.Of(type).Write(writer, value);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    public static ExceptionParts Read(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        var parts = new ExceptionParts();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "type":
                    parts.Type = reader.GetString() ?? "";
                    break;
                case "message":
                    parts._message = reader.GetString() ?? "";
                    break;
                case "stack":
                    parts._stack = reader.GetString();
                    break;
                case "code":
                    parts._code = reader.GetInt32();
                    break;
                case "inner":
                    parts._inner = Read(ref reader, options).Make();
                    break;
                case "fields":
                    parts.ReadFields(ref reader, options);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return parts;
    }

    public Exception Make()
    {
        var exception = _value ?? FromSystem() ?? new RemoteException(Type.Split(',')[0], _message, _inner);
        if (exception is Storage.InconsistentStateException inconsistent)
        {
            // It has left the activation whose write failed.
            inconsistent.IsSourceActivation = false;
        }

        if (_stack is not null)
        {
            ExceptionDispatchInfo.SetRemoteStackTrace(exception, _stack);
        }

        return exception;
    }

    void ReadFields(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        if (System.Type.GetType(Type) is not { IsAbstract: false } type || !typeof(Exception).IsAssignableFrom(type)
            || !type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        {
            reader.Skip();
            return;
        }

        _value = (Exception)RuntimeHelpers.GetUninitializedObject(type);
        Message.SetValue(_value, _message);
        Inner.SetValue(_value, _inner);
        Code.SetValue(_value, _code);
        var place = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            RecordFields.Of(type).Read(ref reader, _value, ref place);
        }
    }

    // The exceptions of .NET itself are made by their usual constructors.
    Exception? FromSystem()
    {
        if (System.Type.GetType(Type) is not { IsAbstract: false } type || !typeof(Exception).IsAssignableFrom(type)
            || type.Assembly.GetName().Name?.StartsWith("System.", StringComparison.Ordinal) != true)
        {
            return null;
        }

        try
        {
            return type.GetConstructor([typeof(string), typeof(Exception)])?.Invoke([_message, _inner]) as Exception
                ?? type.GetConstructor([typeof(string)])?.Invoke([_message]) as Exception;
        }
        catch (TargetInvocationException)
        {
            return null;
        }
    }

    static FieldInfo Field(string name) => typeof(Exception).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!;
}
