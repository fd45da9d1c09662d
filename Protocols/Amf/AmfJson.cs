using System.Text.Json;

namespace Tributary.Protocols.Amf;

/// <summary>AMF values as JSON (RFC 8259). Dates are milliseconds since 1970, and numbers that JSON has no words for are null.</summary>
public static class AmfJson
{
    public static void WriteAmf(this Utf8JsonWriter json, AmfValue value)
    {
        switch (value.Kind)
        {
            case AmfKind.String:
                json.WriteStringValue(value.String);
                break;
            case AmfKind.Boolean:
                json.WriteBooleanValue(value.Boolean);
                break;
            case AmfKind.Number or AmfKind.Date when double.IsFinite(value.Number):
                WriteNumber(json, value.Number);
                break;
            case AmfKind.Object or AmfKind.EcmaArray:
                WriteProperties(json, value);
                break;
            case AmfKind.StrictArray:
                json.WriteAmf(value.Elements);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }

    public static void WriteAmf(this Utf8JsonWriter json, IReadOnlyList<AmfValue> values)
    {
        json.WriteStartArray();
        foreach (var value in values)
        {
            json.WriteAmf(value);
        }

        json.WriteEndArray();
    }

    static void WriteProperties(Utf8JsonWriter json, AmfValue value)
    {
        json.WriteStartObject();
        foreach (var property in value.Properties)
        {
            json.WritePropertyName(property.Name);
            json.WriteAmf(property.Value);
        }

        json.WriteEndObject();
    }

    // AMF has no integers; a time in milliseconds shall not come out as 1.7E+12.
    static void WriteNumber(Utf8JsonWriter json, double number)
    {
        const double MostExact = 9_007_199_254_740_992;
        if (Math.Abs(number) <= MostExact && number == Math.Floor(number))
        {
            json.WriteNumberValue((long)number);
        }
        else
        {
            json.WriteNumberValue(number);
        }
    }
}
