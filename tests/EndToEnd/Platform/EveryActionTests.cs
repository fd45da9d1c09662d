using System.Text.Json.Nodes;
using Tributary.Grains.Platform.Model;

namespace Tributary.EndToEnd.Platform;

/// <summary>
/// Every action of the schema with nothing, with values of the wrong kinds, and with values of the right kinds that mean nothing: it is refused by name, and
/// never fails. Whatever is not offered says so, whoever asks.
/// </summary>
public sealed class EveryActionTests
{
    const string Failed = "INTERNAL_SERVERL_ERROR", NotOffered = "FEATURE_FORBIDDEN";

    /// <summary>What ends the session, or the world, of the others.</summary>
    static readonly string[] Apart = ["session.end"];

    [Fact]
    public async Task No_action_fails_whatever_it_is_given()
    {
        await using var world = await PlatformWorld.Start();
        var (admin, console) = (await world.Session(102), await world.Session(-2));
        var failures = new List<string>();
        var (all, offered) = (0, 0);
        foreach (var action in Schema.Instance.Services.SelectMany(service => service.Actions.Values).Where(action => !Apart.Contains($"{action.Service}.{action.Name}")))
        {
            all++;
            offered += await Try(world, action, admin, console, failures) ? 1 : 0;
        }

        Console.WriteLine($"figure: {offered} of {all} actions are offered");
        Assert.True(failures.Count == 0, $"{failures.Count}:\n{string.Join('\n', failures)}\n{world.Server.LogTail}");
    }

    // False: it is not offered.
    static async Task<bool> Try(PlatformWorld world, ActionType action, string admin, string console, List<string> failures)
    {
        async Task<string> Ask(JsonObject parameters, string? ks)
        {
            var answer = await Answer(world, action, parameters, ks);
            var code = PlatformWorld.Code(answer) ?? "";
            if (code == Failed)
            {
                failures.Add($"{action.Service}.{action.Name} {parameters.ToJsonString()}");
            }

            return code is "MISSING_MANDATORY_PARAMETER" ? $"{code} {answer!["args"]!["PARAM_NAME"]}" : code;
        }

        // 1. Nothing: what is missing is named.
        var required = action.Parameters.FirstOrDefault(parameter => !parameter.IsOptional);
        var nothing = await Ask([], console);
        if (nothing == NotOffered)
        {
            return false;
        }

        if (required is not null && nothing != $"MISSING_MANDATORY_PARAMETER {required.Name}")
        {
            failures.Add($"{action.Service}.{action.Name} without {required.Name}: {nothing}");
        }

        // 2. By nobody, by a partner and by the platform itself, of wrong kinds and of right ones.
        foreach (var ks in new[] { null, admin, console })
        {
            var wrong = action.Parameters.Where(parameter => parameter.Shape.Kind != ValueKind.File);
            await Ask(new JsonObject(wrong.Select(parameter => KeyValuePair.Create<string, JsonNode?>(parameter.Name, Wrong(parameter.Shape)))), ks);
            await Ask(new JsonObject(wrong.Select(parameter => KeyValuePair.Create(parameter.Name, Meaningless(parameter.Shape, 2)))), ks);
        }

        return true;
    }

    // Null for a file.
    static async Task<JsonNode?> Answer(PlatformWorld world, ActionType action, JsonObject parameters, string? ks)
    {
        (parameters["format"], parameters["ks"]) = (1, ks);
        using var content = new StringContent(parameters.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        var answer = await world.Send(HttpMethod.Post, $"/api_v3/service/{action.Service}/action/{action.Name}", content);
        return answer.StartsWith('<') ? null : JsonNode.Parse(answer);
    }

    static JsonNode Wrong(ValueShape shape) => shape.Kind is ValueKind.Object or ValueKind.Array or ValueKind.Map ? JsonValue.Create(1.5) : new JsonArray(new JsonObject { ["a"] = true });

    static JsonNode? Meaningless(ValueShape shape, int depth) => shape.Kind switch
    {
        ValueKind.Text => "0_00000000",
        ValueKind.Integer or ValueKind.Time => 2_147_483_647,
        ValueKind.Number => -1e300,
        ValueKind.Truth => true,
        ValueKind.NumberEnum or ValueKind.TextEnum => Schema.Instance.FindEnum(shape.Of)?.Values.Values.LastOrDefault(),
        ValueKind.Array => depth == 0 ? new JsonArray() : new JsonArray(Element(shape.Of, depth)),
        ValueKind.Map => new JsonObject(),
        _ => Element(shape.Of, depth),
    };

    // Of a type that there may be one of, with all that may be set.
    static JsonNode? Element(string of, int depth)
    {
        if (Schema.Instance.FindObject(of) is not { } declared)
        {
            return "x";
        }

        var type = declared.IsAbstract ? Schema.Instance.Objects.FirstOrDefault(one => !one.IsAbstract && one.Is(declared.Name)) ?? declared : declared;
        var values = depth == 0 ? [] : type.Properties.Where(property => !property.IsReadOnly).Select(property => KeyValuePair.Create(property.Name, Meaningless(property.Shape, depth - 1)));
        return new JsonObject(values.Append(KeyValuePair.Create<string, JsonNode?>("objectType", "Kaltura" + type.Name)));
    }
}
