using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Gateway.ApiV3;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;

namespace Tributary.Unit.Platform;

public sealed class WireTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tributary-wire-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("filter:hostNameLike=ms-1&filter:objectType=T")]
    [InlineData("filter%3AhostNameLike=ms-1&filter%3AobjectType=T")]
    [InlineData("filter[hostNameLike]=ms-1&filter[objectType]=T")]
    public async Task Colons_and_brackets_are_the_same(string form)
    {
        using var request = await Read("POST", "", "", form, "application/x-www-form-urlencoded", "service=x");
        var filter = Assert.IsType<RawMap>(request.Parameters["filter"]);
        Assert.Equal(("ms-1", "T"), (filter.Text("hostNameLike"), filter.Text("objectType")));
    }

    [Fact]
    public async Task The_path_wins_over_the_query_and_the_query_over_the_body()
    {
        using var request = await Read("POST", "/service/livestream/action/get/entryId/path", "entryId=query&version=query", """{"entryId":"body","version":"body","ks":"body","service":"x"}""", "application/json; charset=utf-8");
        Assert.Equal(("livestream", "get", "path", "query", "body"), (request.Service, request.Action, request.Parameters.Text("entryId"), request.Parameters.Text("version"), request.Parameters.Text("ks")));
    }

    [Theory]
    [InlineData("/index.php/service/system/action/ping", "")]
    [InlineData("/index.php", "service=system&action=ping")]
    [InlineData("/", "service=system&action=ping")]
    [InlineData("/service/system/action/ping", "")]
    public async Task Every_form_of_url_names_service_and_action(string path, string query)
    {
        using var request = await Read("GET", path, query, "", "");
        Assert.Equal(("system", "ping", AnswerFormat.Xml), (request.Service, request.Action, request.Format));
    }

    [Fact]
    public async Task A_value_in_the_path_may_hold_an_escaped_slash()
    {
        using var request = await Read("GET", "/service/s/action/a/extraParams/%7B%22a%22%3A%22x%2Fy%22%7D", "", "", "");
        Assert.Equal("""{"a":"x/y"}""", request.Parameters.Text("extraParams"));
    }

    [Fact]
    public async Task What_is_said_twice_is_said_once()
    {
        var twice = "pager:pageSize=300&pager:objectType=Object&list:0:a=1&list:1:a=2";
        using var request = await Read("POST", "/service/s/action/a", twice, twice, "application/x-www-form-urlencoded");
        Assert.Equal("300", Assert.IsType<RawMap>(request.Parameters["pager"]).Text("pageSize"));
        Assert.Equal(2, Assert.IsType<RawMap>(request.Parameters["list"]).Count);
    }

    [Fact]
    public async Task The_npm_clients_upload_is_read_byte_for_byte()
    {
        var bytes = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Platform/multipart.bin"));
        var boundary = Encoding.Latin1.GetString(bytes).Split("\r\n")[1][2..];
        using var request = await Read("POST", "/service/uploadtoken/action/upload", "", bytes, $"multipart/form-data; boundary={boundary}");
        Assert.Equal("0_uptok1", request.Parameters.Text("uploadTokenId"));
        var file = Assert.Single(request.Files).Value;
        Assert.Equal("chunk", file.FileName);
        Assert.Equal(file.Length, new FileInfo(file.Path).Length);
        Assert.True(file.Length > 0);
        request.Dispose();
        Assert.False(File.Exists(file.Path));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "application/json", "{\"a\":" + new string('[', 100_000) + "}" },
        { "application/json", "{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 50)) + "1" + new string('}', 51) },
        { "application/json", "{\"a\":[" + string.Join(',', Enumerable.Repeat("1", 30_000)) + "]}" },
        { "application/json", "{\"service\":1e999}" },
        { "application/json", "{\"\xFF\": 1, }" },
        { "application/x-www-form-urlencoded", string.Join('&', Enumerable.Range(0, 30_000).Select(at => $"a{at}=1")) },
        { "application/x-www-form-urlencoded", string.Join(':', Enumerable.Repeat("a", 5_000)) + "=1" },
        { "application/x-www-form-urlencoded", "a" + string.Concat(Enumerable.Repeat("[a]", 5_000)) + "=1" },
        { "application/x-www-form-urlencoded", "a=" + new string('x', 5 * 1_024 * 1_024) },
        { "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--" },
        { "multipart/form-data", "x" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task What_is_too_deep_too_large_or_no_request_is_refused_and_leaves_nothing(string type, string body)
    {
        await Assert.ThrowsAsync<UnreadableRequestException>(() => Read("POST", "/service/s/action/a", "", body, type));
        Assert.Empty(_folder.EnumerateFiles("*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_reference_counts_calls_from_one_and_takes_every_element()
    {
        var results = new object?[]
        {
            new PlatformObject("X") { { "objects", new List<object?> { new PlatformObject("E") { { "id", "0_a" }, { "_secret", "s" } }, new PlatformObject("E") { { "id", "0_b" } } } }, { "n", 12L } },
            PlatformException.Of("MISSING_KS"),
        };
        string Resolved(string text) => RawValue.Text(BackReferences.Resolve(text, results));
        Assert.Equal("0_b", Resolved("{1:result:objects:1:id}"));
        Assert.Equal("0_a,0_b", Resolved("{1:result:objects:_all:id}"));
        Assert.Equal("12", Resolved("{1:result:n}"));
        Assert.Equal("", Resolved("{1:result:objects:0:_secret}"));
        Assert.Equal("", Resolved("{2:result:id}"));
        Assert.Equal("", Resolved("{3:result:id}"));
        Assert.Equal("x{1:result:n}", Resolved("x{1:result:n}"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public async Task A_multirequest_runs_until_the_first_gap_and_hands_down_session_and_partner(string first)
    {
        var second = first == "0" ? "1" : "2";
        var parameters = new RawMap { ["ks"] = "k", ["partnerId"] = 5L, ["other"] = "no", [first] = new RawMap { ["a"] = "x" }, [second] = new RawMap { ["b"] = "{1:result:id}", ["ks"] = "own" }, ["9"] = new RawMap() };
        var calls = new List<RawMap>();
        var results = await Multirequest.Run(parameters, new Dictionary<string, UploadedFile>(), 10, (call, _) =>
        {
            calls.Add(call);
            return Task.FromResult<object?>(new PlatformObject("X") { { "id", "r" + calls.Count } });
        });
        Assert.Equal(2, results.Count);
        Assert.Equal(("k", "5"), (calls[0].Text("ks"), calls[0].Text("partnerId")));
        Assert.Equal(("own", "r1"), (calls[1].Text("ks"), calls[1].Text("b")));
        Assert.False(calls[0].ContainsKey("other"));
    }

    [Fact]
    public void Json_has_the_type_last_nothing_that_is_null_or_ours_and_never_looks_like_an_error()
    {
        var value = new PlatformObject("CodeCuePoint") { { "id", "0_x" }, { "code", "c" }, { "message", "m" }, { "tags", null }, { "_file", "f" }, { "list", new List<object?>() } };
        Assert.Equal("""{"id":"0_x","code":"c","list":[],"objectType":"KalturaCodeCuePoint"}""", Json(value));
        Assert.Equal("""{"status":2,"type":7,"objectType":"KalturaLiveStreamEntry"}""", Json(new PlatformObject("LiveStreamEntry") { { "status", "2" }, { "type", "7" } }));
        Assert.Equal("""{"code":"ENTRY_ID_NOT_FOUND","message":"Entry id \"0_x\" not found","objectType":"KalturaAPIException","args":{"ENTRY_ID":"0_x"}}""", Json(PlatformException.Of("ENTRY_ID_NOT_FOUND", "0_x")));
        Assert.Equal("null", Json(null));
        Assert.Equal("true", Json(true));
    }

    [Fact]
    public void Xml_has_the_type_first_items_for_lists_and_empty_elements_for_what_is_not_set()
    {
        using var stream = new MemoryStream();
        XmlAnswer.Write(stream, new PlatformObject("SessionInfo") { { "partnerId", 5L }, { "userId", "a<b\u0001" } }, ignoreNull: false, TimeSpan.FromMilliseconds(12));
        Assert.Equal(
            """<?xml version="1.0" encoding="utf-8"?><xml><result><objectType>KalturaSessionInfo</objectType><partnerId>5</partnerId><userId>a&lt;b</userId><ks /><sessionType /><expiry /><privileges /></result><executionTime>0.012</executionTime></xml>""",
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Php_counts_bytes() =>
        Assert.Equal("a:3:{s:2:\"id\";s:2:\"é\";s:1:\"n\";i:5;s:10:\"objectType\";s:8:\"KalturaX\";}", Encoding.UTF8.GetString(PhpAnswer.Write(new PlatformObject("X") { { "id", "é" }, { "n", 5L } })));

    [Fact]
    public void A_profile_keeps_or_drops_fields_of_each_object_of_a_list()
    {
        var list = new PlatformObject("XListResponse") { { "totalCount", 1L }, { "objects", new List<object?> { new PlatformObject("X") { { "a", 1L }, { "b", 2L } } } } };
        Assert.Equal("""{"totalCount":1,"objects":[{"a":1,"objectType":"KalturaX"}],"objectType":"KalturaXListResponse"}""", Json(ResponseProfile.Of((1, "a"))!.Apply(list)));
        Assert.Equal("""{"totalCount":1,"objects":[{"b":2,"objectType":"KalturaX"}],"objectType":"KalturaXListResponse"}""", Json(ResponseProfile.Of((2, "a"))!.Apply(list)));
    }

    static string Json(object? value)
    {
        var output = new ArrayBufferWriter<byte>();
        JsonAnswer.Write(output, value);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    Task<ApiCallRequest> Read(string method, string path, string query, string body, string type, string also = "") =>
        Read(method, path, query.Length > 0 && also.Length > 0 ? $"{query}&{also}" : query + also, Encoding.Latin1.GetBytes(body), type);

    async Task<ApiCallRequest> Read(string method, string path, string query, byte[] body, string type)
    {
        var options = Options.Create(new PlatformOptions());
        var context = new DefaultHttpContext();
        (context.Request.Method, context.Request.ContentType, context.Request.Body) = (method, type, new MemoryStream(body));
        context.Request.QueryString = new QueryString(query.Length > 0 ? "?" + query : "");
        return await new RequestReader(new ContentStore(_folder.FullName, options), options).Read(context, path);
    }
}
