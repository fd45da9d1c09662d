using System.Text.Json;

namespace Tributary.Media.Sets;

/// <summary>Fields of a mapping's objects, by type: null or the default where there is none, an error where it is of another type.</summary>
static class MappingFields
{
    public static string? Text(this JsonElement element, string name) =>
        Field(element, name) is not { } field ? null : field.ValueKind == JsonValueKind.String ? field.GetString() : throw Wrong(name, "a string");

    public static string RequiredText(this JsonElement element, string name) => Text(element, name) ?? throw new MappingException($"{name} is missing.");

    public static bool? Flag(this JsonElement element, string name) =>
        Field(element, name) is not { } field ? null : field.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "true or false"),
        };

    /// <summary>A whole number of at least <paramref name="least"/>.</summary>
    public static long? Number(this JsonElement element, string name, long least = 0) =>
        Field(element, name) is { } field ? WholeNumber(field, name, least) : null;

    public static decimal RequiredDecimal(this JsonElement element, string name) =>
        Field(element, name) is { ValueKind: JsonValueKind.Number } field && field.TryGetDecimal(out var value) ? value : throw Wrong(name, "a number");

    /// <summary>An array of whole numbers.</summary>
    public static long[]? Numbers(this JsonElement element, string name, long least, int most) =>
        Field(element, name) is { } field ? [.. Items(field, name, most).Select(item => WholeNumber(item, name, least))] : null;

    public static string[]? Texts(this JsonElement element, string name, int most) =>
        Field(element, name) is not { } field
            ? null
            : [.. Items(field, name, most).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(name, "strings"))];

    public static JsonElement.ArrayEnumerator? Objects(this JsonElement element, string name, int most)
    {
        if (Field(element, name) is not { } field)
        {
            return null;
        }

        var items = Items(field, name, most);
        return items.All(item => item.ValueKind == JsonValueKind.Object) ? items : throw Wrong(name, "objects");
    }

    public static JsonElement? Object(this JsonElement element, string name) =>
        Field(element, name) is not { } field ? null : field.ValueKind == JsonValueKind.Object ? field : throw Wrong(name, "an object");

    static JsonElement? Field(JsonElement element, string name) =>
        element.ValueKind != JsonValueKind.Object ? throw new MappingException("An object was expected.")
        : element.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null ? field : null;

    static JsonElement.ArrayEnumerator Items(JsonElement field, string name, int most) =>
        field.ValueKind != JsonValueKind.Array ? throw Wrong(name, "an array")
        : field.GetArrayLength() > most ? throw new MappingException($"{name} has more than {most} elements.")
        : field.EnumerateArray();

    static long WholeNumber(JsonElement field, string name, long least) =>
        field.ValueKind != JsonValueKind.Number || !field.TryGetInt64(out var value) ? throw Wrong(name, "a whole number")
        : value < least || value > MaxNumber ? throw new MappingException($"{name} is less than {least}, or too great.")
        : value;

    // Milliseconds since 1970 until the year 10000 or so: sums of them stay far from overflow.
    const long MaxNumber = 1L << 48;

    static MappingException Wrong(string name, string what) => new($"{name} must be {what}.");
}
