using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Vod;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sources;

namespace Tributary.Unit.Vod;

public sealed class VodGatewayTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vod");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("10s", 1_000, 10_000)]
    [InlineData("500", 1, 500)]
    [InlineData("30", 1_000, 30_000)]
    [InlineData("1h30m", 1_000, 5_400_000)]
    [InlineData("100d", 1_000, 8_640_000_000)]
    [InlineData("250ms", 1_000, 250)]
    public void Times_are_written_as_nginx_writes_them(string text, long unit, long milliseconds)
    {
        Assert.True(DirectiveValues.TryTime(text, unit, out var time));
        Assert.Equal(milliseconds, time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-5")]
    [InlineData("5x")]
    [InlineData("99999999999999999999")]
    [InlineData("2000000000y")]
    [InlineData("68y68y")]
    public void What_is_no_time_is_refused(string text) => Assert.False(DirectiveValues.TryTime(text, 1, out _));

    [Theory]
    [InlineData("64k", true, 65_536)]
    [InlineData("5M", true, 5 << 20)]
    [InlineData("17", true, 17)]
    [InlineData("k", false, 0)]
    [InlineData("9999999999999g", false, 0)]
    public void Sizes_have_units_of_1024(string text, bool valid, long bytes)
    {
        Assert.Equal(valid, DirectiveValues.TrySize(text, out var size));
        Assert.True(!valid || size == bytes);
    }

    [Fact]
    public void Expressions_hold_variables()
    {
        var context = new DefaultHttpContext();
        context.Request.Host = new HostString("example.org", 8080);
        context.Request.QueryString = new QueryString("?token=T1");
        context.Request.Headers["X-Site"] = "s9";
        context.Request.Headers.Cookie = "who=me";
        var variables = new VodVariables(context) { SubUri = "/hls/a.mp4", ClipId = "ad1" };

        var expression = VodExpression.Parse("https://$host/${vod_clip_id}x/$arg_token$http_x_site$vod_sequence_id$is_args$args$vod_status$cookie_who", out var problem);

        Assert.Empty(problem);
        Assert.Equal("https://example.org/ad1x/T1s9/hls/a.mp4?token=T1me", expression!.Evaluate(variables));
        Assert.Null(VodExpression.Parse("a$nope", out problem));
        Assert.Equal("there is no variable $nope", problem);
    }

    [Fact]
    public async Task A_cache_is_bounded_in_bytes_and_what_is_used_stays()
    {
        var cache = new VodCache<string>("test", 3_000, null, TimeProvider.System);
        cache.Set("a", "A", 700);
        cache.Set("b", "B", 700);
        cache.Set("c", "C", 700);
        Assert.NotNull(cache.Get("a"));
        cache.Set("d", "D", 700);

        Assert.Null(cache.Get("b"));
        Assert.Equal("A", cache.Get("a"));
        Assert.True(cache.Counts.Bytes <= 3_000);
        cache.Set("huge", "H", 9_999);
        Assert.Equal((1L, 1L), (cache.Counts.Evicted, cache.Counts.Refused));

        // Who asks again has not missed yet.
        var misses = cache.Counts.Misses;
        Assert.Null(cache.Get("b", asksAgain: true));
        Assert.Null(cache.Get("b"));
        Assert.Equal(misses + 1, cache.Counts.Misses);

        // Several who ask at once wait for one loading.
        var gate = new TaskCompletionSource<string>();
        var (loads, one) = (0, default(ValueTask<string>));
        Task<string> Load()
        {
            loads++;
            return gate.Task;
        }

        one = cache.GetOrLoad("e", Load, _ => 1, default);
        var two = cache.GetOrLoad("e", Load, _ => 1, default);
        gate.SetResult("E");
        Assert.Equal(("E", "E", 1), (await one, await two, loads));
    }

    [Fact]
    public async Task Files_are_read_below_their_root_and_links_do_not_lead_out()
    {
        var root = _folder.CreateSubdirectory("root");
        File.WriteAllText(Path.Combine(_folder.FullName, "secret"), "s");
        File.WriteAllText(Path.Combine(root.FullName, "a"), "abc");
        File.CreateSymbolicLink(Path.Combine(root.FullName, "out"), Path.Combine(_folder.FullName, "secret"));
        File.CreateSymbolicLink(Path.Combine(root.FullName, "in"), Path.Combine(root.FullName, "a"));
        using var files = new OpenFiles(Options.Create(new VodOptions()), TimeProvider.System);
        MediaFailure Open(string name)
        {
            var (failure, _, source) = files.Open($"{root.FullName}/{name}", [root.FullName]);
            source?.DisposeAsync().AsTask().Wait();
            return failure;
        }

        Assert.Equal(MediaFailure.None, Open("a"));
        Assert.Equal(MediaFailure.None, Open("in"));
        Assert.Equal(MediaFailure.Forbidden, Open("out"));
        Assert.Equal(MediaFailure.Forbidden, Open("../secret"));
        Assert.Equal(MediaFailure.Forbidden, Open(""));
        Assert.Equal(MediaFailure.NotFound, Open("nope"));

        var (_, _, read) = files.Open($"{root.FullName}/a", [root.FullName]);
        await using (read)
        {
            var buffer = new byte[8];
            Assert.Equal(2, await read!.ReadAsync(1, buffer, default));
            Assert.Equal("bc"u8.ToArray(), buffer[..2]);
        }
    }

    [Theory]
    [InlineData("/a b/c.mp4", "http://127.0.0.1:9/base/a%20b/c.mp4")]
    [InlineData("/@evil.example/x", "http://127.0.0.1:9/base/%40evil.example/x")]
    [InlineData("//evil.example/x", "http://127.0.0.1:9/base//evil.example/x")]
    [InlineData("/../x", null)]
    [InlineData("/a/./x", null)]
    public void A_path_never_leads_out_of_its_upstream(string path, string? expected) =>
        Assert.Equal(expected, UpstreamClient.Address(new("/u", new Uri("http://127.0.0.1:9/base")), path, "")?.AbsoluteUri);

    [Fact]
    public void A_seal_that_was_written_by_somebody_else_is_broken()
    {
        static MappingSeal Seal(string secret) =>
            new(Options.Create(new VodOptions { MappingSecret = secret }), new ConfigurationBuilder().Build());
        var text = Seal("one").Close("{}"u8);

        Assert.Equal("{}"u8.ToArray(), Seal("one").Open(text));
        Assert.Null(Seal("two").Open(text));
        Assert.Null(Seal("one").Open("e30.x"));
        Assert.Null(Seal("one").Open("none"));
    }

    static async Task<(int Status, string Body, IHeaderDictionary Headers)> Send(string method, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        var sent = new MemoryStream();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(sent));
        context.Request.Method = method;
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        var location = new VodLocation
        {
            Prefix = "/a", Packaging = VodPackaging.Hls, Mode = VodMode.Local, LastModified = DateTimeOffset.UnixEpoch.AddDays(9), LastModifiedTypes = ["*"], Expires = TimeSpan.FromSeconds(5),
        };
        await VodBody.Send(context, location, new VodAnswer { Body = new MemoryBody("0123456789"u8.ToArray()) { ContentType = "text/x" }, Tag = "\"t\"" });
        return (context.Response.StatusCode, Encoding.ASCII.GetString(sent.ToArray()), context.Response.Headers);
    }

    [Theory]
    [InlineData("bytes=0-2", 206, "012", "bytes 0-2/10")]
    [InlineData("bytes=-3", 206, "789", "bytes 7-9/10")]
    [InlineData("bytes=-30", 206, "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=8-", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=8-99", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=10-", 416, "", "bytes */10")]
    [InlineData("bytes=-0", 416, "", "bytes */10")]
    [InlineData("bytes=5-2", 200, "0123456789", "")]
    [InlineData("lines=0-2", 200, "0123456789", "")]
    [InlineData("bytes=0-8,0-8", 200, "0123456789", "")]
    public async Task Ranges_are_answered(string range, int status, string body, string contentRange)
    {
        var sent = await Send("GET", ("Range", range));

        Assert.Equal((status, body, contentRange), (sent.Status, sent.Body, sent.Headers.ContentRange.ToString()));
    }

    [Fact]
    public async Task Several_ranges_are_parts()
    {
        var (status, body, headers) = await Send("GET", ("Range", "bytes=0-1,5-6"));

        var boundary = headers.ContentType.ToString().Split("boundary=")[1];
        Assert.Equal(206, status);
        Assert.Equal(
            $"\r\n--{boundary}\r\nContent-Type: text/x\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
            + $"\r\n--{boundary}\r\nContent-Type: text/x\r\nContent-Range: bytes 5-6/10\r\n\r\n56\r\n--{boundary}--\r\n", body);
        Assert.Equal(body.Length, headers.ContentLength);
    }

    [Theory]
    [InlineData("If-None-Match", "\"t\"", 304)]
    [InlineData("If-None-Match", "W/\"t\"", 304)]
    [InlineData("If-None-Match", "\"u\"", 200)]
    [InlineData("If-Match", "\"u\"", 412)]
    [InlineData("If-Match", "*", 200)]
    [InlineData("If-Modified-Since", "Sat, 10 Jan 1970 00:00:00 GMT", 304)]
    [InlineData("If-Modified-Since", "Fri, 09 Jan 1970 00:00:00 GMT", 200)]
    [InlineData("If-Unmodified-Since", "Sat, 10 Jan 1970 00:00:00 GMT", 200)]
    [InlineData("If-Unmodified-Since", "Fri, 09 Jan 1970 00:00:00 GMT", 412)]
    public async Task Conditions_are_checked(string name, string value, int status)
    {
        var sent = await Send("GET", (name, value));

        Assert.Equal(status, sent.Status);
        Assert.Equal("max-age=5", sent.Headers.CacheControl);
    }

    [Theory]
    [InlineData("\"t\"", 206)]
    [InlineData("\"u\"", 200)]
    [InlineData("Sat, 10 Jan 1970 00:00:00 GMT", 206)]
    [InlineData("Sun, 11 Jan 1970 00:00:00 GMT", 200)]
    public async Task A_range_of_something_else_is_the_whole(string condition, int status) =>
        Assert.Equal(status, (await Send("GET", ("Range", "bytes=0-1"), ("If-Range", condition))).Status);

    [Fact]
    public async Task A_question_about_the_head_has_the_length_and_no_body()
    {
        var (status, body, headers) = await Send("HEAD");

        Assert.Equal((200, "", 10L), (status, body, headers.ContentLength!.Value));
    }
}
