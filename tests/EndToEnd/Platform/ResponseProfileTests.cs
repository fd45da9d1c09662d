using System.Text.Json.Nodes;

namespace Tributary.EndToEnd.Platform;

/// <summary>Selections of properties that are stored once and named by requests.</summary>
public sealed class ResponseProfileTests
{
    [Fact]
    public async Task A_stored_profile_is_named_by_its_number_or_its_name()
    {
        await using var world = await PlatformWorld.Start();
        var ks = await world.Session(102);
        var stored = await world.Call("responseprofile", "add", PlatformWorld.Object(
            "addResponseProfile", "ResponseProfile", ("name", "Few"), ("systemName", "few"), ("type", 1), ("fields", "id,name")), ks);
        await world.Call("media", "add", PlatformWorld.Object("entry", "MediaEntry", ("name", "clip"), ("mediaType", 1)), ks);

        foreach (JsonNode profile in new JsonNode[]
        {
            (int)stored!["id"]!, "few", PlatformWorld.Typed("ResponseProfileHolder", ("systemName", "few")), PlatformWorld.Typed("ResponseProfileHolder", ("id", (int)stored["id"]!)),
            PlatformWorld.Typed("DetachedResponseProfile", ("type", 1), ("fields", "id,name")),
        })
        {
            var list = await world.Call("media", "list", new JsonObject { ["responseProfile"] = profile }, ks);
            Assert.Equal(["id", "name", "objectType"], list!["objects"]![0]!.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal));
        }

        Assert.Equal("RESPONSE_PROFILE_NAME_NOT_FOUND", PlatformWorld.Code(await world.Try("media", "list", new JsonObject { ["responseProfile"] = "few" }, await world.Session(103))));
        Assert.Equal("RESPONSE_PROFILE_ID_NOT_FOUND", PlatformWorld.Code(await world.Try("media", "list", new JsonObject { ["responseProfile"] = 5 }, ks)));
    }
}
