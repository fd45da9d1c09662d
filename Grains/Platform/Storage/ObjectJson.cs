using System.Text;
using System.Text.Json;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Storage;

/// <summary>Objects as JSON for storage: everything, also what is never shown; the type is <c>objectType</c>.</summary>
public static class ObjectJson
{
    const string TypeName = "objectType";
    static readonly JsonDocumentOptions Reading = new() { MaxDepth = 128 };

    public static string Write(PlatformObject value)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            Write(json, value);
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    public static void Write(Utf8JsonWriter json, PlatformObject value)
    {
        json.WriteStartObject();
        json.WriteString(TypeName, value.Type);
        foreach (var (name, content) in value)
        {
            json.WritePropertyName(name);
            WriteValue(json, content);
        }

        json.WriteEndObject();
    }

    static void WriteValue(Utf8JsonWriter json, object? value)
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
                json.WriteRawValue(DoubleText(number));
                break;
            case PlatformObject child:
                Write(json, child);
                break;
            case List<object?> list:
                json.WriteStartArray();
                list.ForEach(item => WriteValue(json, item));
                json.WriteEndArray();
                break;
            default:
                json.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }

    // A fraction stays one: 12.0 is not read as the whole number 12.
    static string DoubleText(double number)
    {
        var text = number.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text;
    }

    public static PlatformObject Read(string text)
    {
        using var document = JsonDocument.Parse(text, Reading);
        return Read(document.RootElement);
    }

    public static PlatformObject Read(JsonElement element)
    {
        var value = new PlatformObject(element.GetProperty(TypeName).GetString() ?? "");
        foreach (var property in element.EnumerateObject())
        {
            if (property.Name != TypeName)
            {
                value[property.Name] = ReadValue(property.Value);
            }
        }

        return value;
    }

    static object? ReadValue(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when element.TryGetInt64(out var whole) && element.GetRawText().AsSpan().IndexOfAny('.', 'E', 'e') < 0 => whole,
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.Object => Read(element),
        JsonValueKind.Array => element.EnumerateArray().Select(ReadValue).ToList(),
        _ => null,
    };
}
