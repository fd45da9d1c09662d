using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Platform;

/// <summary>
/// Requests of real clients, as they were recorded, against the real server: each ends as its client expects, with the code and the arguments where that is
/// an error, and else with values of the kinds that the client was answered with. Ids of the recording stand for those of objects made for each.
/// </summary>
public sealed class ReplayTests
{
    static readonly JsonArray Recordings = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests/EndToEnd/Platform/recordings.json")))!.AsArray();

    [Fact]
    public async Task Every_recording_ends_as_its_client_expects()
    {
        await using var world = await PlatformWorld.Start();
        var failures = new List<string>();
        foreach (var recording in Recordings)
        {
            try
            {
                await Replay(world, recording!.AsObject());
            }
            catch (Exception exception) when (exception is InvalidOperationException or Xunit.Sdk.XunitException or HttpRequestException or System.Text.Json.JsonException)
            {
                failures.Add($"{recording!["id"]}: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {Recordings.Count}:\n{string.Join('\n', failures)}\n{world.Server.LogTail}");
    }

    /// <summary>The same in every other form that a client may send it in, one after the other from recording to recording.</summary>
    [Fact]
    public async Task Every_recording_ends_so_in_another_form_too()
    {
        await using var world = await PlatformWorld.Start();
        var failures = new List<string>();
        foreach (var (at, recording) in Recordings.Where(recording => recording!["json"] is not null).Index())
        {
            var form = OtherForms.All[at % OtherForms.All.Count];
            try
            {
                await Replay(world, recording!.AsObject(), form);
            }
            catch (Exception exception) when (exception is InvalidOperationException or Xunit.Sdk.XunitException or HttpRequestException or System.Text.Json.JsonException)
            {
                failures.Add($"{recording!["id"]} {form.Name}: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count}:\n{string.Join('\n', failures)}\n{world.Server.LogTail}");
    }

    static async Task Replay(PlatformWorld world, JsonObject recording, OtherForm? form = null)
    {
        var partner = (int?)recording["partner"] ?? 102;
        var found = partner == 104 ? [] : await world.Make(partner, (string?)recording["needs"] ?? "");
        (found["$partner"], found["$ks"]) = (partner.ToString(System.Globalization.CultureInfo.InvariantCulture), await SessionOf(world, (string)recording["as"]!, partner));
        found.TryAdd("$entry", "0_00000000");
        found.TryAdd("$host", "ms-0.example.net");
        var id = (string)recording["id"]!;
        if (recording.ToJsonString().Contains("$token", StringComparison.Ordinal))
        {
            found["$token"] = await world.Upload(await world.Session(partner), [1, 2, 3, 4], complete: !id.StartsWith("072", StringComparison.Ordinal));
        }

        if (id.StartsWith("075", StringComparison.Ordinal))
        {
            found["$vod"] = found["$empty"];   // content is added to what has none
        }

        if (form is not null)
        {
            Judge(recording, await form.Send(world, Fill((string)recording["url"]!, found), JsonNode.Parse(Fill(recording["json"]!.ToJsonString(), found))!.AsObject()));
            return;
        }

        using var content = BodyOf(recording, found);
        var answer = await world.Send(new HttpMethod((string?)recording["method"] ?? "POST"), Fill((string)recording["url"]!, found), content);
        Judge(recording, answer);
    }

    static async Task<string> SessionOf(PlatformWorld world, string who, int partner) => who switch
    {
        "server" => await world.Session(-5, user: "MediaServer"),
        "admin" or "other" => await world.Session(partner),
        "widget" => await world.Widget(partner),
        "old" => await world.Session(partner, expiry: 0),
        "bad" => "bad",
        _ => "",
    };

    static HttpContent? BodyOf(JsonObject recording, Dictionary<string, string> found)
    {
        if (recording["json"] is { } json)
        {
            return Content(Fill(json.ToJsonString(), found), "application/json");
        }

        if (recording["form"] is { } form)
        {
            return Content(Fill((string)form!, found), "application/x-www-form-urlencoded");
        }

        return recording["parts"] is JsonArray parts ? Parts(parts, found) : null;
    }

    static StringContent Content(string text, string type)
    {
        var content = new StringContent(text);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);   // exactly so, as the clients say it
        return content;
    }

    // The npm client's bytes: an empty line first, and none at the end.
    static ByteArrayContent Parts(JsonArray parts, Dictionary<string, string> found)
    {
        const string Boundary = "----------------------------492509509412";
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append($"\r\n--{Boundary}\r\nContent-Disposition: form-data; name=\"{part!["name"]}\"");
            text.Append(part["file"] is { } file ? $"; filename=\"{file}\"\r\nContent-Type: application/octet-stream\r\n\r\n{new string('x', (int)part["bytes"]!)}" : $"\r\n\r\n{Fill(part["json"]!.ToJsonString(), found)}");
        }

        text.Append($"\r\n--{Boundary}--");
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text.ToString()));
        content.Headers.TryAddWithoutValidation("Content-Type", $"multipart/form-data; boundary={Boundary}");
        return content;
    }

    internal static string Fill(string text, Dictionary<string, string> found) =>
        found.OrderByDescending(pair => pair.Key.Length).Aggregate(text, (filled, pair) => filled.Replace(pair.Key, pair.Value, StringComparison.Ordinal));

    static void Judge(JsonObject recording, string answer)
    {
        if ((string?)recording["plain"] == "xml")
        {
            Assert.Equal("<?xml", answer[..5]);
            Assert.DoesNotContain("<error>", answer, StringComparison.Ordinal);
            return;
        }

        var node = JsonNode.Parse(answer);
        var code = PlatformWorld.Code(node);
        switch ((string)recording["outcome"]!)
        {
            case "rejected":
                Assert.Equal((string?)recording["code"], code);
                Assert.Equal(recording["args"]!.AsArray().Select(name => (string)name!), node!["args"]!.AsObject().Select(pair => pair.Key));
                break;
            case "resolved":
                Assert.True(code is null, $"{code}: {answer}");
                JudgeValue(recording, node);
                break;
        }
    }

    static void JudgeValue(JsonObject recording, JsonNode? node)
    {
        if ((string?)recording["plain"] is { } plain)
        {
            Assert.True(plain switch
            {
                "null" => node is null, "list" => node is JsonArray list && list.All(item => PlatformWorld.Code(item) is null), "text" => node!.GetValueKind() == System.Text.Json.JsonValueKind.String,
                "true" or "false" => node!.ToJsonString() == plain, _ => node!.GetValueKind() == System.Text.Json.JsonValueKind.Number,
            }, $"not {plain}: {node?.ToJsonString()}");
            return;
        }

        Assert.Equal((string?)recording["type"], (string?)node!["objectType"]);
        Assert.Equal("objectType", node.AsObject().Last().Key);
        JudgeKinds(recording["kinds"], node);
        if (recording["itemType"] is { } type && node["objects"] is JsonArray { Count: > 0 } items)
        {
            Assert.Equal((string?)type, (string?)items[0]!["objectType"]);
            JudgeKinds(recording["itemKinds"], items[0]!);
        }
    }

    static void JudgeKinds(JsonNode? kinds, JsonNode node)
    {
        foreach (var (name, kind) in kinds?.AsObject() ?? [])
        {
            if (node[name] is { } value)
            {
                Assert.True(KindOf(value) == (string?)kind, $"{name} is {KindOf(value)}, not {kind}");
            }
        }
    }

    static string KindOf(JsonNode value) => value switch
    {
        JsonArray => "list",
        JsonObject => "object",
        _ => value.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => "text", System.Text.Json.JsonValueKind.Number => "number", System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => "bool", _ => "null",
        },
    };
}
