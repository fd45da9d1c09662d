using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tributary.EndToEnd.Platform;

/// <summary>A way to send what a recording sent as JSON; gives the answer to it.</summary>
sealed record OtherForm(string Name, Func<PlatformWorld, string, JsonObject, Task<string>> Send);

/// <summary>The forms of the contract's sections 1.1, 1.2, 1.4 and 1.7.</summary>
static class OtherForms
{
    public static IReadOnlyList<OtherForm> All { get; } =
    [
        new("as a form with colons", (world, url, json) => Form(world, url, Pairs(json, ":{0}"))),
        new("as a form with brackets", (world, url, json) => Form(world, url, Pairs(json, "[{0}]"))),
        new("in a query", (world, url, json) => world.Send(HttpMethod.Get, $"/api_v3/index.php?{Query(url)}&{Encoded(Pairs(json, ":{0}"))}", null)),
        new("in the path", (world, url, json) => world.Send(HttpMethod.Get, $"{url}/{string.Join('/', Pairs(json, ":{0}").Select(pair => $"{Uri.EscapeDataString(pair.Key)}/{Uri.EscapeDataString(pair.Value)}"))}", null)),
        new("said twice", (world, url, json) => Form(world, $"{url}?{Encoded(Pairs(json, ":{0}"))}", Pairs(json, ":{0}"))),
        new("as one of several", Several),
        new("with text for numbers", (world, url, json) => Json(world, url, AsText(json)!.AsObject())),
    ];

    static async Task<string> Form(PlatformWorld world, string url, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        using var content = new FormUrlEncodedContent(pairs);
        return await world.Send(HttpMethod.Post, url, content);
    }

    static async Task<string> Json(PlatformWorld world, string url, JsonObject json)
    {
        using var content = new StringContent(json.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        return await world.Send(HttpMethod.Post, url, content);
    }

    // Service and action of /api_v3/service/S/action/A; of several calls there is no action.
    static string Query(string url) => string.Join('&', url.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..].Chunk(2).Select(pair => $"{pair[0]}={pair[1]}"));

    static string Encoded(IEnumerable<KeyValuePair<string, string>> pairs) => string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));

    // The second of two, and keys from 0. What is several already goes as it is.
    static async Task<string> Several(PlatformWorld world, string url, JsonObject json)
    {
        var names = url.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length < 5 || names[2] == "multirequest")
        {
            return await Json(world, url, json);
        }

        var own = json.DeepClone().AsObject();
        (own["service"], own["action"]) = (names[2], names[4]);
        var answer = await Json(world, "/api_v3/service/multirequest", new JsonObject { ["format"] = 1, ["0"] = new JsonObject { ["service"] = "system", ["action"] = "ping" }, ["1"] = own });
        return JsonNode.Parse(answer)!.AsArray() is [{ } ping, var second] && ping.GetValue<bool>() ? second?.ToJsonString() ?? "null" : answer;
    }

    static IEnumerable<KeyValuePair<string, string>> Pairs(JsonNode node, string step, string name = "") => node switch
    {
        JsonObject one => one.Where(pair => pair.Value is not null).SelectMany(pair => Pairs(pair.Value!, step, name.Length == 0 ? pair.Key : name + string.Format(CultureInfo.InvariantCulture, step, pair.Key))),
        JsonArray { Count: 0 } => [new(name + string.Format(CultureInfo.InvariantCulture, step, "-"), "")],
        JsonArray list => list.Index().SelectMany(item => Pairs(item.Item!, step, name + string.Format(CultureInfo.InvariantCulture, step, item.Index))),
        _ => [new(name, Text(node))],
    };

    static string Text(JsonNode value) => value.GetValueKind() switch { JsonValueKind.True => "1", JsonValueKind.False => "0", _ => value.ToString() };

    static JsonNode? AsText(JsonNode? node) => node switch
    {
        JsonObject one => new JsonObject(one.Select(pair => KeyValuePair.Create(pair.Key, AsText(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(AsText)]),
        null => null,
        _ => Text(node),
    };
}
