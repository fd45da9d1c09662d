using System.Buffers;
using System.Text.Json;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive.Remote;

/// <summary>Calls as a client of the API writes them in JSON, and what a platform answers: an object, a list, text, a number, truth or null; or an error.</summary>
public static class PlatformWire
{
    const int MaxValues = 200_000;
    const string ErrorType = "KalturaAPIException";

    public static ReadOnlyMemory<byte> Write(RawMap parameters)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            Write(json, parameters);
        }

        return body.WrittenMemory;
    }

    static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case RawMap map:
                json.WriteStartObject();
                foreach (var (name, inner) in map)
                {
                    json.WritePropertyName(name);
                    Write(json, inner);
                }

                json.WriteEndObject();
                break;
            case List<object?> list:
                json.WriteStartArray();
                list.ForEach(item => Write(json, item));
                json.WriteEndArray();
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case long or int:
                json.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            case null:
                json.WriteNullValue();
                break;
            default:
                json.WriteStringValue(RawValue.Text(value));
                break;
        }
    }

    /// <summary>False: it is no answer of a platform. <paramref name="error"/>: what the platform refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out object? result, out PlatformException? error)
    {
        (result, error) = (null, null);
        if (!JsonTree.TryReadValue(body, MaxValues, out var raw))
        {
            return false;
        }

        error = ErrorOf(raw);
        result = error is null ? ValueOf(raw) : null;
        return true;
    }

    // As it is, or as older servers wrap it: {"result": {"error": …}}.
    static PlatformException? ErrorOf(object? raw) =>
        raw is not RawMap map ? null
        : map.Text("objectType") == ErrorType ? PlatformException.Told(map.Text("code"), map.Text("message"))
        : map.TryGetValue("result", out var result) && result is RawMap inner && inner.TryGetValue("error", out var error) ? ErrorOf(error)
        : null;

    static object? ValueOf(object? raw) => raw switch
    {
        RawMap map => ObjectOf(map),
        List<object?> list => list.Select(ValueOf).ToList(),
        _ => raw,
    };

    static PlatformObject ObjectOf(RawMap map)
    {
        var type = map.Text("objectType");
        var value = new PlatformObject(type.StartsWith(PlatformObject.Prefix, StringComparison.Ordinal) ? type[PlatformObject.Prefix.Length..] : type);
        foreach (var (name, inner) in map.Where(pair => pair.Key != "objectType"))
        {
            value[name] = ValueOf(inner);
        }

        return value;
    }
}
