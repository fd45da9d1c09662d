using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Platform;

/// <summary>A server with the partners that recordings speak of, and a client of its API that knows no type of ours.</summary>
sealed class PlatformWorld : IAsyncDisposable
{
    public const string Secret = "s3cr3t";

    /// <summary>102 is its own media server too; 103 is not; 104 is blocked; the platform records for 105.</summary>
    static readonly Dictionary<int, string[]> Permissions = new()
    {
        [102] = ["FEATURE_LIVE_STREAM_RECORD", "FEATURE_KALTURA_LIVE_STREAM_TRANSCODE", "MEDIA_SERVER_PARTNER_LEVEL"],
        [103] = ["FEATURE_LIVE_STREAM_RECORD"],
        [104] = [],
        [105] = ["FEATURE_LIVE_STREAM_RECORD", "FEATURE_LIVE_STREAM_KALTURA_RECORDING"],
    };

    int _hosts;

    PlatformWorld(ServerProcess server, string files) => (Server, Files) = (server, files);

    public ServerProcess Server { get; }

    /// <summary>A folder whose files a media server may name.</summary>
    public string Files { get; }

    public static async Task<PlatformWorld> Start(Dictionary<string, string>? settings = null)
    {
        var files = Repository.Folder("shared-" + Guid.NewGuid().ToString("N")[..8]);
        Directory.CreateDirectory(files);
        var all = new Dictionary<string, string>(settings ?? []) { ["Platform__ServerFileRoots__0"] = files, ["Platform__Partners__-5__AdminSecret"] = Secret, ["Platform__Partners__-2__AdminSecret"] = Secret };
        foreach (var (partner, permissions) in Permissions)
        {
            all[$"Platform__Partners__{partner}__AdminSecret"] = Secret;
            all[$"Platform__Partners__{partner}__Secret"] = "us3r";
            all[$"Platform__Partners__{partner}__Blocked"] = partner == 104 ? "true" : "false";
            for (var at = 0; at < permissions.Length; at++)
            {
                all[$"Platform__Partners__{partner}__Permissions__{at}"] = permissions[at];
            }
        }

        return new PlatformWorld(await ServerProcess.Start(all), files);
    }

    public async Task<string> Session(int partner, int type = 2, string privileges = "", int expiry = 86_400, string user = "admin@example.net") =>
        (string)(await Call("session", "start", new JsonObject { ["secret"] = type == 2 ? Secret : "us3r", ["partnerId"] = partner, ["type"] = type, ["userId"] = user, ["expiry"] = expiry, ["privileges"] = privileges }))!;

    public async Task<string> Widget(int partner) => (string)(await Call("session", "startWidgetSession", new JsonObject { ["widgetId"] = $"_{partner}" }))!["ks"]!;

    /// <summary>A call in JSON; throws for an error of the API.</summary>
    public async Task<JsonNode?> Call(string service, string action, JsonObject parameters, string? ks = null)
    {
        var answer = await Try(service, action, parameters, ks);
        return Code(answer) is { } code ? throw new InvalidOperationException($"{service}.{action}: {code} {answer!["message"]}") : answer;
    }

    /// <summary>A call in JSON, with its error as it came.</summary>
    public async Task<JsonNode?> Try(string service, string action, JsonObject parameters, string? ks = null)
    {
        parameters["format"] = 1;
        if (ks is not null)
        {
            parameters["ks"] = ks;
        }

        using var content = new StringContent(parameters.ToJsonString(), Encoding.UTF8, "application/json");
        return JsonNode.Parse(await Send(HttpMethod.Post, $"/api_v3/service/{service}/action/{action}", content));
    }

    public static string? Code(JsonNode? answer) => answer is JsonObject one && (string?)one["objectType"] == "KalturaAPIException" ? (string?)one["code"] : null;

    public async Task<string> Send(HttpMethod method, string url, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        using var answer = await Server.Http.SendAsync(request);
        Assert.True((int)answer.StatusCode == 200, $"{url}: {(int)answer.StatusCode}\n{Server.LogTail}");
        Assert.True(answer.Headers.Contains("X-Me") && answer.Headers.Contains("X-Kaltura-Session"), "the answer's head names server and request");
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Objects of a partner's own, as recordings need them, by the placeholders of the recordings.</summary>
    public async Task<Dictionary<string, string>> Make(int partner, string needs)
    {
        var (ks, server) = (await Session(partner), await Session(-5, user: "MediaServer"));
        var host = $"ms-{Interlocked.Increment(ref _hosts)}.example.net";
        var node = await Call("servernode", "add", Object("serverNode", "WowzaMediaServerNode", ("name", host), ("hostName", host)), ks);
        await Call("servernode", "enable", new JsonObject { ["serverNodeId"] = node!["id"]!.ToString() }, ks);
        var profile = await Call("conversionprofile", "add", Object("conversionProfile", "ConversionProfile", ("name", "Live"), ("type", "2"), ("flavorParamsIds", "32,33,34")), ks);
        var entry = await Call("livestream", "add", new JsonObject
        {
            ["sourceType"] = "32",
            ["liveStreamEntry"] = Typed("LiveStreamEntry", ("name", "Morning show"), ("tags", "news"), ("mediaType", 201), ("streamPassword", "dj94kfit"), ("recordStatus", 1), ("dvrStatus", 1), ("conversionProfileId", (int)profile!["id"]!)),
        }, ks);
        var found = new Dictionary<string, string>
        {
            ["$partner"] = partner.ToString(CultureInfo.InvariantCulture), ["$host"] = host, ["$node"] = node["id"]!.ToString(), ["$profile"] = profile["id"]!.ToString(), ["$entry"] = (string)entry!["id"]!,
        };
        found["$asset"] = await SourceAsset(found["$entry"], ks);
        await AddClip(found, ks);
        if (needs is "registered" or "recorded")
        {
            await Register(found, server, partner);
        }

        if (needs == "recorded")
        {
            found["$vod"] = (string)(await Call("livestream", "get", new JsonObject { ["entryId"] = found["$entry"] }, ks))!["recordedEntryId"]!;
        }
        else if (needs == "blockedByCountry")
        {
            await Block(found["$entry"], ks);
        }

        found["$file"] = Path.Combine(Files, $"{found["$entry"]}.mp4");
        await File.WriteAllBytesAsync(found["$file"], [0, 0, 0, 8, (byte)'f', (byte)'r', (byte)'e', (byte)'e']);
        return found;
    }

    async Task<string> SourceAsset(string entry, string ks)
    {
        var list = await Call("flavorasset", "list", Object("filter", "LiveAssetFilter", ("entryIdEqual", entry)), ks);
        return (string)list!["objects"]!.AsArray().First(asset => (int)asset!["flavorParamsId"]! == 32)!["id"]!;
    }

    async Task AddClip(Dictionary<string, string> found, string ks)
    {
        var vod = await Call("media", "add", Object("entry", "MediaEntry", ("name", "clip"), ("mediaType", 1)), ks);
        found["$vod"] = (string)vod!["id"]!;
        found["$flavor"] = (string)(await Call("flavorasset", "add", With(Object("flavorAsset", "FlavorAsset", ("flavorParamsId", 0)), "entryId", found["$vod"]), ks))!["id"]!;
        await SetText("flavorasset", found["$flavor"], ks);
        await Call("media", "get", new JsonObject { ["entryId"] = found["$vod"] }, ks);
        var other = await Call("media", "add", Object("entry", "MediaEntry", ("name", "without"), ("mediaType", 1)), ks);
        found["$empty"] = (string)other!["id"]!;
        found["$caption"] = (string)(await Call("caption_captionasset", "add", With(Object("captionAsset", "CaptionAsset", ("language", "English"), ("format", "1")), "entryId", found["$vod"]), ks))!["id"]!;
        found["$cue"] = (string)(await Call("cuepoint_cuepoint", "add", Object("cuePoint", "CodeCuePoint", ("entryId", found["$entry"]), ("code", "poll-1"), ("startTime", 1)), ks))!["id"]!;
    }

    Task<JsonNode?> SetText(string service, string id, string ks) =>
        Call(service, "setContent", With(Object("contentResource", "StringResource", ("content", "data")), "id", id), ks);

    async Task Register(Dictionary<string, string> found, string server, int partner)
    {
        var registered = new JsonObject { ["entryId"] = found["$entry"], ["hostname"] = found["$host"], ["mediaServerIndex"] = "0", ["applicationName"] = "kLive", ["partnerId"] = partner };
        await Call("livestream", "registerMediaServer", registered, server);
        var rows = await Call("entryservernode", "list", With(Object("filter", "LiveEntryServerNodeFilter", ("entryIdEqual", found["$entry"])), "partnerId", partner.ToString(CultureInfo.InvariantCulture)), server);
        found["$row"] = rows!["objects"]![0]!["id"]!.ToString();
    }

    async Task Block(string entry, string ks)
    {
        var rule = Typed("Rule", ("code", "COUNTRY_RESTRICTED"), ("message", "not in your country"));
        rule["actions"] = new JsonArray(Typed("AccessControlBlockAction"));
        rule["conditions"] = new JsonArray(With(Typed("CountryCondition", ("not", true)), "values", new JsonArray(Typed("StringValue", ("value", "US")))));
        var profile = Typed("AccessControlProfile", ("name", "geo"));
        profile["rules"] = new JsonArray(rule);
        var id = (int)(await Call("accesscontrolprofile", "add", new JsonObject { ["accessControlProfile"] = profile }, ks))!["id"]!;
        await Call("baseentry", "update", With(Object("baseEntry", "BaseEntry", ("accessControlId", id)), "entryId", entry), ks);
    }

    /// <summary>A finished upload of some bytes.</summary>
    public async Task<string> Upload(string ks, byte[] bytes, bool complete = true)
    {
        var token = (string)(await Call("uploadtoken", "add", Object("uploadToken", "UploadToken", ("fileName", "a.mp4")), ks))!["id"]!;
        if (complete)
        {
            using var form = new MultipartFormDataContent { { new StringContent(token), "uploadTokenId" }, { new StringContent(ks), "ks" }, { new StringContent("1"), "format" } };
            var file = new ByteArrayContent(bytes);
            file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(file, "fileData", "chunk");
            Assert.Equal(2, (int)JsonNode.Parse(await Send(HttpMethod.Post, "/api_v3/service/uploadtoken/action/upload", form))!["status"]!);
        }

        return token;
    }

    public static JsonObject Object(string name, string type, params (string Name, JsonNode? Value)[] values) => new() { [name] = Typed(type, values) };

    public static JsonObject Typed(string type, params (string Name, JsonNode? Value)[] values)
    {
        var typed = new JsonObject { ["objectType"] = "Kaltura" + type };
        foreach (var (name, value) in values)
        {
            typed[name] = value;
        }

        return typed;
    }

    public static JsonObject With(JsonObject parameters, string name, JsonNode? value)
    {
        parameters[name] = value;
        return parameters;
    }

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}
