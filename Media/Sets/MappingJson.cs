using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>
/// Reads mappings: the JSON that says what is to be played, in nginx-vod-module's form. Never throws; a mapping that makes no sense is a failure of a
/// class and one sentence. Unknown fields are passed over.
/// </summary>
public static class MappingJson
{
    public const int MaxSequences = 32;

    public const int MaxClips = 128;

    static readonly JsonDocumentOptions Form = new() { MaxDepth = 32 };

    /// <summary>Reads a set.</summary>
    /// <param name="json">The mapping, UTF-8.</param>
    /// <param name="overriding">JSON whose fields replace those of the mapping (<c>media_set_override_json</c>); empty for none.</param>
    /// <param name="set">The set.</param>
    /// <param name="failure">Why there is none.</param>
    /// <param name="reason">One sentence for the log; empty where there is a set.</param>
    public static bool TryReadSet(
        ReadOnlyMemory<byte> json, string overriding, [NotNullWhen(true)] out MediaSetDescription? set, out MediaFailure failure, out string reason) =>
        TryRead(json, overriding, static root => new MappingSet(root).Read(), out set, out failure, out reason);

    /// <summary>Reads one clip: what an upstream makes of a dynamic clip (a concat) or of a clip's id (a source).</summary>
    public static bool TryReadClip(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out ClipDescription? clip, out MediaFailure failure, out string reason) =>
        TryRead(json, "", static root => MappingClips.Read(root, 0), out clip, out failure, out reason);

    static bool TryRead<T>(
        ReadOnlyMemory<byte> json, string overriding, Func<JsonElement, T> read, [NotNullWhen(true)] out T? result, out MediaFailure failure, out string reason)
        where T : class
    {
        (result, failure, reason) = (null, MediaFailure.None, "");
        json = json.Span is [0xEF, 0xBB, 0xBF, ..] ? json[3..] : json;
        if (json.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            (failure, reason) = (MediaFailure.EmptyMapping, "The mapping is empty.");
            return false;
        }

        try
        {
            using var document = overriding.Length == 0 ? JsonDocument.Parse(json, Form) : Merge(json, overriding);
            result = read(document.RootElement);
            return true;
        }
        catch (MappingException exception)
        {
            (failure, reason) = (exception.Failure, exception.Message);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // JSON's grammar, and strings that are no Unicode.
            (failure, reason) = (MediaFailure.BadMapping, "The mapping is not JSON.");
        }

        return false;
    }

    // Objects field by field and arrays element by element, so that an override names only what differs.
    static JsonDocument Merge(ReadOnlyMemory<byte> json, string overriding)
    {
        var merged = Merge(JsonNode.Parse(json.Span, null, Form), JsonNode.Parse(overriding, null, Form));
        return JsonDocument.Parse(merged?.ToJsonString() ?? "null", Form);
    }

    static JsonNode? Merge(JsonNode? one, JsonNode? other)
    {
        if (one is JsonObject target && other is JsonObject source)
        {
            foreach (var (name, value) in source)
            {
                target[name] = target[name] is { } known ? Merge(known.DeepClone(), value) : value?.DeepClone();
            }

            return target;
        }

        if (one is JsonArray list && other is JsonArray changes)
        {
            for (var at = 0; at < changes.Count; at++)
            {
                if (at < list.Count)
                {
                    list[at] = Merge(list[at]?.DeepClone(), changes[at]);
                }
                else
                {
                    list.Add(changes[at]?.DeepClone());
                }
            }

            return list;
        }

        return other?.DeepClone();
    }
}

/// <summary>A mapping makes no sense; caught where reading began.</summary>
sealed class MappingException(string message, MediaFailure failure = MediaFailure.BadMapping) : Exception(message)
{
    public MediaFailure Failure => failure;
}
