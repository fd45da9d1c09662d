using System.Text.Json;

namespace Tributary.Grains.Platform.Model;

/// <summary>JSON as raw values, bounded in depth and number.</summary>
public static class JsonTree
{
    public const int MaxDepth = 32;

    /// <summary>False: it is no JSON object, or too deep or too large.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, int maxValues, out RawMap map)
    {
        map = TryReadValue(text, maxValues + 1, out var value) && value is RawMap read ? read : [];
        return value is RawMap;
    }

    /// <summary>The same for any value. False: it is no JSON, or too deep or too large.</summary>
    public static bool TryReadValue(ReadOnlySpan<byte> text, int maxValues, out object? value)
    {
        value = null;
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth, CommentHandling = JsonCommentHandling.Disallow });
        try
        {
            var left = maxValues;
            if (reader.Read() && TryValue(ref reader, out var read, ref left) && !reader.Read())
            {
                value = read;
                return true;
            }

            return false;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)   // text that is not UTF-8 is told by the second
        {
            return false;
        }
    }

    static bool TryMap(ref Utf8JsonReader reader, RawMap map, ref int left)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString() ?? "";
            if (!reader.Read() || !TryValue(ref reader, out var value, ref left))
            {
                return false;
            }

            map[name] = value;
        }

        return true;
    }

    static bool TryValue(ref Utf8JsonReader reader, out object? value, ref int left)
    {
        value = null;
        if (--left < 0)
        {
            return false;
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new RawMap();
                value = map;
                return TryMap(ref reader, map, ref left);
            case JsonTokenType.StartArray:
                var list = new List<object?>();
                value = list;
                return TryList(ref reader, list, ref left);
            case JsonTokenType.String:
                value = reader.GetString();
                return true;
            case JsonTokenType.Number:
                value = reader.TryGetInt64(out var whole) ? whole : reader.GetDouble();
                return value is not double number || double.IsFinite(number);
            case JsonTokenType.True or JsonTokenType.False:
                value = reader.GetBoolean();
                return true;
            default:
                return reader.TokenType == JsonTokenType.Null;
        }
    }

    static bool TryList(ref Utf8JsonReader reader, List<object?> list, ref int left)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!TryValue(ref reader, out var value, ref left))
            {
                return false;
            }

            list.Add(value);
        }

        return true;
    }
}
