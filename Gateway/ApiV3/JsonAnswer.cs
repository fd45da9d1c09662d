using System.Text.Encodings.Web;
using System.Text.Json;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>Results as JSON: without what is not set, and with <c>objectType</c> at the end of each object.</summary>
static class JsonAnswer
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>For script callbacks nothing may end the script that it stands in.</summary>
    static readonly JsonWriterOptions ScriptOptions = new() { Encoder = JavaScriptEncoder.Default, SkipValidation = true };

    public static void Write(System.Buffers.IBufferWriter<byte> output, object? result, bool forScript = false)
    {
        using var json = new Utf8JsonWriter(output, forScript ? ScriptOptions : Options);
        Write(json, result, top: true);
    }

    static void Write(Utf8JsonWriter json, object? value, bool top = false)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            case PlatformException error:
                WriteError(json, error);
                break;
            case PlatformObject one:
                WriteObject(json, one, top && WireValue.LooksLikeError(one));
                break;
            case List<object?> list:
                json.WriteStartArray();
                list.ForEach(item => Write(json, item));
                json.WriteEndArray();
                break;
            default:
                json.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }

    static void WriteObject(Utf8JsonWriter json, PlatformObject one, bool withoutMessage)
    {
        var type = Schema.Instance.FindObject(one.Type);
        json.WriteStartObject();
        foreach (var (name, value) in one)
        {
            if (value is not null && name[0] != '_' && !(withoutMessage && name == "message"))
            {
                json.WritePropertyName(name);
                Write(json, WireValue.Of(one, type, name, value));
            }
        }

        json.WriteString("objectType", PlatformObject.Prefix + one.Type);
        json.WriteEndObject();
    }

    static void WriteError(Utf8JsonWriter json, PlatformException error)
    {
        json.WriteStartObject();
        json.WriteString("code", error.Code);
        json.WriteString("message", error.Message);
        json.WriteString("objectType", "KalturaAPIException");
        json.WriteStartObject("args");
        foreach (var (name, value) in error.Arguments)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
