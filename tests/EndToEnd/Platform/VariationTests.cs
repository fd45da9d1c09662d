using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Platform;

/// <summary>
/// What the platform's contract says of requests that nobody recorded, one a line: how it is sent and by whom, and its code with its arguments, its type, its
/// values by their paths, or its text. They change nothing that another line looks at.
/// </summary>
public sealed class VariationTests
{
    static readonly JsonArray Variations = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests/EndToEnd/Platform/variations.json")))!.AsArray();

    [Fact]
    public async Task Every_variation_is_answered_as_the_contract_says()
    {
        await using var world = await PlatformWorld.Start();
        var found = await world.Make(102, "registered");
        var sessions = await Sessions(world);
        (found["$ks"], found["$server"], found["$spare"]) = (sessions["admin"], sessions["server"], await world.Session(102));
        var failures = new List<string>();
        foreach (var (at, variation) in Variations.Index())
        {
            var (answer, kind) = await Send(world, variation!.AsObject(), found, sessions);
            if (Complaint(variation.AsObject(), found, answer, kind) is { } complaint)
            {
                failures.Add($"{at + 1} {variation["says"]}: {variation["call"] ?? variation["url"]}: {complaint}\n   {(answer.Length <= 300 ? answer : answer[..300])}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {Variations.Count}:\n{string.Join('\n', failures)}");
    }

    static async Task<Dictionary<string, string>> Sessions(PlatformWorld world) => new()
    {
        ["admin"] = await world.Session(102), ["user"] = await world.Session(102, type: 0, user: "someone"), ["widget"] = await world.Widget(102), ["server"] = await world.Session(-5, user: "MediaServer"),
        ["stranger"] = await world.Session(103), ["blocked"] = await world.Session(104), ["old"] = await world.Session(102, expiry: 0), ["bad"] = "bad",
    };

    static async Task<(string Answer, string Kind)> Send(PlatformWorld world, JsonObject variation, Dictionary<string, string> found, Dictionary<string, string> sessions)
    {
        var (url, body, kind) = ((string?)variation["url"], (string?)variation["form"], (string?)variation["kind"]);
        if ((string?)variation["call"] is { } call)
        {
            var json = variation["json"]?.DeepClone().AsObject() ?? [];
            json["format"] = 1;
            if ((string?)variation["as"] is not "none")
            {
                json["ks"] = sessions[(string?)variation["as"] ?? "admin"];
            }

            var names = call.Split('.');
            (url, body, kind) = ($"/api_v3/service/{names[0]}/action/{names[1]}", json.ToJsonString(), "application/json");
        }
        else if (variation["json"] is { } json)
        {
            (body, kind) = (json.ToJsonString(), kind ?? "application/json");
        }

        using var content = body is null ? null : new StringContent(ReplayTests.Fill(body, found));
        content?.Headers.ContentType = MediaTypeHeaderValue.Parse(kind ?? "application/x-www-form-urlencoded");
        using var request = new HttpRequestMessage(new HttpMethod((string?)variation["method"] ?? "POST"), ReplayTests.Fill(url!, found)) { Content = content };
        using var answer = await world.Server.Http.SendAsync(request);
        return (await answer.Content.ReadAsStringAsync(), $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType?.MediaType}");
    }

    // Null: it is as the contract says.
    static string? Complaint(JsonObject variation, Dictionary<string, string> found, string answer, string kind)
    {
        var isText = variation["matches"] is not null || variation["lacks"] is not null;
        if (kind != "200 " + ((string?)variation["content"] ?? kind[4..]))
        {
            return $"it is {kind}";
        }

        if (isText)
        {
            return variation["matches"] is { } pattern && !Regex.IsMatch(answer, ReplayTests.Fill((string)pattern!, found), RegexOptions.Singleline) ? $"it does not match {pattern}"
                : variation["lacks"] is { } lacked && answer.Contains((string)lacked!, StringComparison.Ordinal) ? $"it has {lacked}" : null;
        }

        var node = JsonNode.Parse(answer);
        if (PlatformWorld.Code(node) != (string?)variation["code"])
        {
            return $"it is not {variation["code"] ?? "a success"}";
        }

        if (variation["type"] is { } type && Step(node, "objectType")?.ToString() != (string?)type)
        {
            return $"it is no {type}";
        }

        return Differs(Step(node, "args"), variation["args"]?.AsObject(), found) ?? Differs(node, variation["is"]?.AsObject(), found)
            ?? (variation["args"] is JsonObject args && !node!["args"]!.AsObject().Select(pair => pair.Key).SequenceEqual(args.Select(pair => pair.Key)) ? "its arguments are others" : null);
    }

    static string? Differs(JsonNode? node, JsonObject? expected, Dictionary<string, string> found)
    {
        foreach (var (path, wanted) in expected ?? [])
        {
            var value = path.Split(':', StringSplitOptions.RemoveEmptyEntries).Aggregate(node, Step);
            var filled = wanted is null ? "null" : ReplayTests.Fill(wanted.ToJsonString(), found);
            if (filled == "\"*\"" ? value is null : (value?.ToJsonString() ?? "null") != filled)
            {
                return $"{path} is {value?.ToJsonString() ?? "not there"}, not {filled}";
            }
        }

        return null;
    }

    static JsonNode? Step(JsonNode? node, string step) => node switch
    {
        JsonArray list => int.TryParse(step, out var index) && index < list.Count ? list[index] : null,
        JsonObject one => one[step],
        _ => null,
    };
}
