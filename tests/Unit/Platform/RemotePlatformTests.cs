using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tributary.Grains.KLive;
using Tributary.Grains.KLive.Remote;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Sessions;
using Tributary.Grains.ServerNodes;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Platform;

/// <summary>How another cluster's platform is called: what is sent, under which session, and what follows where it refuses, stumbles or is away.</summary>
public sealed class RemotePlatformTests : IDisposable
{
    readonly ManualTime _time = new();
    readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    readonly KLiveOptions _options = new() { Platform = { Url = "http://platform.example/", AdminSecret = "s3cr3t", RetryFrom = TimeSpan.Zero } };
    readonly string _folder = Directory.CreateTempSubdirectory("remote").FullName;
    readonly Answers _answers = new();

    public void Dispose()
    {
        _services.Dispose();
        _answers.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    RemotePlatform New()
    {
        var (options, metrics) = (Options.Create(_options), new KLiveMetrics(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()));
        return new RemotePlatform(
            new RemoteSession(options, _time), new RemoteUploads(_folder, options, metrics, _time), new HttpClient(_answers, disposeHandler: false), new NodeIdentity("ms-1", ""), options, metrics, _time);
    }

    [Fact]
    public async Task A_media_server_acts_for_an_entrys_partner_under_a_session_of_its_own()
    {
        using var platform = New();
        _answers.Next("""{"id":"0_abcdefgh","recordStatus":1,"list":[{"a":1.5,"objectType":"KalturaX"},null,"t",true],"objectType":"KalturaLiveStreamEntry"}""");
        var entry = await platform.Call("livestream", "get", 102, new RawMap { ["entryId"] = "0_abcdefgh", ["deep"] = new RawMap { ["n"] = 5L, ["list"] = new List<object?> { true, 1.5 } } });
        Assert.Equal(("LiveStreamEntry", "0_abcdefgh", 1), (entry.Type, entry.Text("id"), entry.Int("recordStatus")));
        Assert.Equal("X", Assert.Single(entry.Objects("list")).Type);

        var sent = _answers.Sent.Single();
        Assert.Equal("http://platform.example/api_v3/service/livestream/action/get", sent.Url);
        var body = JsonNode.Parse(sent.Body)!.AsObject();
        Assert.Equal("""{"n":5,"list":[true,1.5]}""", body["deep"]!.ToJsonString());
        Assert.Equal(("0_abcdefgh", 102, 1, "MediaServer-ms-1"), ((string)body["entryId"]!, (int)body["partnerId"]!, (int)body["format"]!, (string)body["clientTag"]!));
        Assert.True(Ks.TryParse((string)body["ks"]!, ["s3cr3t"], out var ks));
        Assert.Equal((-5, "MediaServer", true, 86_400L), (ks.Partner, ks.User, ks.IsAdmin, ks.ValidUntil));
        Assert.Equal("disableentitlement,sessionkey:kalturaWowzaPermanentSessionKey", ks.Privileges);
    }

    [Fact]
    public async Task A_site_of_one_partner_names_none_and_knows_no_other()
    {
        _options.Platform.Partner = 102;
        using var platform = New();
        _answers.Next("null").Next("[]");
        Assert.Equal("Nothing", (await platform.Call("servernode", "reportStatus", 102, [])).Type);
        Assert.Empty((await platform.Call("servernode", "list", 0, [])).Objects("objects"));
        Assert.All(_answers.Sent, sent => Assert.Null(JsonNode.Parse(sent.Body)!["partnerId"]));
        var refusal = await Assert.ThrowsAsync<PlatformException>(() => platform.Call("livestream", "authenticate", 103, []));
        Assert.Equal("UNKNOWN_PARTNER_ID", refusal.Code);
        Assert.Equal(2, _answers.Sent.Count);
    }

    [Fact]
    public async Task A_session_is_replaced_before_its_end_and_when_it_is_refused()
    {
        using var platform = New();
        _answers.Next("null").Next("null").Next("null").Next(Error("INVALID_KS")).Next("null");
        await platform.Call("a", "b", 0, []);
        _time.Advance(TimeSpan.FromHours(22.9));
        await platform.Call("a", "b", 0, []);
        _time.Advance(TimeSpan.FromHours(0.2));
        await platform.Call("a", "b", 0, []);
        await platform.Call("a", "b", 0, []);
        var sessions = _answers.Sent.Select(sent => (string)JsonNode.Parse(sent.Body)!["ks"]!).ToArray();
        Assert.Equal(sessions[0], sessions[1]);
        Assert.NotEqual(sessions[1], sessions[2]);
        Assert.Equal(sessions[2], sessions[3]);
        Assert.NotEqual(sessions[3], sessions[4]);
    }

    [Fact]
    public async Task What_is_refused_is_told_and_what_says_nothing_of_the_question_is_no_answer()
    {
        using var platform = New();
        _answers.Next(Error("LIVE_STREAM_INVALID_TOKEN")).Next("""{"result":{"error":{"code":"ENTRY_ID_NOT_FOUND","message":"m","objectType":"KalturaAPIException"}}}""");
        Assert.Equal("LIVE_STREAM_INVALID_TOKEN", (await Assert.ThrowsAsync<PlatformException>(() => platform.Call("a", "b", 0, []))).Code);
        Assert.Equal("ENTRY_ID_NOT_FOUND", (await Assert.ThrowsAsync<PlatformException>(() => platform.Call("a", "b", 0, []))).Code);

        _answers.Next(Error("INTERNAL_SERVERL_ERROR")).Next(Error("INVALID_KS")).Next(Error("INVALID_KS"));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Call("a", "b", 0, []));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Call("a", "b", 0, []));
        Assert.Equal(0, _answers.Left);
    }

    [Theory]
    [InlineData("<html>busy</html>", HttpStatusCode.OK)]
    [InlineData("null", HttpStatusCode.BadGateway)]
    [InlineData("", HttpStatusCode.OK)]
    [InlineData("{\"id\":", HttpStatusCode.OK)]
    public async Task A_call_that_is_not_answered_is_made_again(string body, HttpStatusCode status)
    {
        using var platform = New();
        _answers.Next(body, status).Away().Next("null");
        await platform.Call("a", "b", 0, []);
        Assert.Equal(3, _answers.Sent.Count);
        _answers.Away().Away().Away();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Call("a", "b", 0, []));
        Assert.Equal(6, _answers.Sent.Count);
    }

    [Fact]
    public async Task A_platform_that_is_away_is_asked_once_in_five_seconds_until_it_answers()
    {
        using var platform = New();
        _answers.Away().Away().Away().Away().Away();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Call("a", "b", 0, []));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Call("a", "b", 0, []));
        Assert.True(platform.IsSilent);
        Assert.Equal(5, _answers.Sent.Count);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Call("a", "b", 0, []));
        Assert.Equal(5, _answers.Sent.Count);

        _time.Advance(TimeSpan.FromSeconds(5));
        _answers.Away();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Call("a", "b", 0, []));
        Assert.Equal(6, _answers.Sent.Count);
        _time.Advance(TimeSpan.FromSeconds(5));
        _answers.Next("null").Next("null");
        await platform.Call("a", "b", 0, []);
        Assert.False(platform.IsSilent);
        await platform.Call("a", "b", 0, []);
    }

    [Fact]
    public async Task A_platform_that_does_not_answer_in_time_is_away()
    {
        using var platform = New();
        _answers.Never();
        var call = platform.Call("a", "b", 0, []);
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains("in time", (await Assert.ThrowsAsync<PlatformUnavailableException>(() => call)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recording_is_uploaded_in_chunks_and_goes_on_where_a_crash_left_it()
    {
        _options.Platform.ChunkBytes = 4;
        var path = Path.Combine(_folder, "piece.mp4");
        await File.WriteAllTextAsync(path, "0123456789");

        // 1. A token, two chunks, and the third is not answered.
        using (var first = New())
        {
            _answers.Next(Token(0, 0)).Next(Token(1, 4)).Next(Token(1, 8)).Away().Away().Away();
            await Assert.ThrowsAsync<PlatformUnavailableException>(() => first.Give(102, path, default));
        }

        // 2. Another process asks how far it is, and sends the rest.
        using var platform = New();
        _answers.Next($$"""{"objects":[{{Token(1, 8)}}],"totalCount":1,"objectType":"KalturaUploadTokenListResponse"}""").Next(Token(2, 10));
        _answers.Sent.Clear();
        var resource = await platform.Give(102, path, default);
        Assert.Equal(("KalturaUploadedFileTokenResource", "0_token"), (resource.Text("objectType"), resource.Text("token")));
        Assert.Contains("\"idIn\":\"0_token\"", _answers.Sent[0].Body, StringComparison.Ordinal);
        Assert.Equal(("8", "1", "1", "89"), (Part(_answers.Sent[1].Body, "resumeAt"), Part(_answers.Sent[1].Body, "resume"), Part(_answers.Sent[1].Body, "finalChunk"), Part(_answers.Sent[1].Body, "fileData")));

        // 3. All of it is there, whether it was taken or not: nothing is sent again.
        foreach (var status in new[] { 2, 3 })
        {
            _answers.Next($$"""{"objects":[{{Token(status, 10)}}],"objectType":"KalturaUploadTokenListResponse"}""");
            Assert.Equal("0_token", (await platform.Give(102, path, default)).Text("token"));
        }

        platform.Forget(path);
        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Equal(0, _answers.Left);
    }

    [Fact]
    public async Task A_chunk_whose_answer_got_lost_is_no_refusal()
    {
        var path = Path.Combine(_folder, "piece.mp4");
        await File.WriteAllTextAsync(path, "0123456789");
        using var platform = New();
        _answers.Next(Token(0, 0)).Away().Next(Error("UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD"));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => platform.Give(102, path, default));
    }

    [Fact]
    public async Task On_a_shared_disk_a_recording_is_named()
    {
        _options.Platform.SharedFolder = "/shared";
        using var platform = New();
        var resource = await platform.Give(102, "/shared/piece.mp4", default);
        Assert.Equal(("/shared", "KalturaServerFileResource", "/shared/piece.mp4"), (platform.Outbox, resource.Text("objectType"), resource.Text("localFilePath")));
        Assert.Empty(_answers.Sent);
    }

    [Theory]
    [InlineData("", -5, "", "", true)]
    [InlineData("https://platform.example", -5, "secret", "", true)]
    [InlineData("https://platform.example", 102, "secret", "", true)]
    [InlineData("https://platform.example", -5, "secret", "/shared", true)]
    [InlineData("https://platform.example", 102, "secret", "/shared", false)]
    [InlineData("https://platform.example", -5, "secret", "shared", false)]
    [InlineData("https://platform.example", -1, "secret", "", false)]
    [InlineData("https://platform.example", -5, "", "", false)]
    [InlineData("ftp://platform.example", -5, "secret", "", false)]
    [InlineData("platform.example", -5, "secret", "", false)]
    public void Options_that_make_no_sense_are_refused(string url, int partner, string secret, string shared, bool expected) =>
        Assert.Equal(expected, RemotePlatformOptions.IsValid(new RemotePlatformOptions { Url = url, Partner = partner, AdminSecret = secret, SharedFolder = shared }));

    static string Error(string code) => "{\"code\":\"" + code + "\",\"message\":\"m\",\"objectType\":\"KalturaAPIException\",\"args\":{}}";

    static string Token(int status, int bytes) => $$"""{"id":"0_token","status":{{status}},"uploadedFileSize":{{bytes}},"objectType":"KalturaUploadToken"}""";

    static string Part(string body, string name)
    {
        var at = body.IndexOf($"name={name}", StringComparison.Ordinal);
        var from = body.IndexOf("\r\n\r\n", at, StringComparison.Ordinal) + 4;
        return body[from..body.IndexOf("\r\n", from, StringComparison.Ordinal)];
    }

    /// <summary>Answers in turn; one that was not prepared fails the test.</summary>
    sealed class Answers : HttpMessageHandler
    {
        readonly Queue<Func<CancellationToken, Task<HttpResponseMessage>>> _next = new();

        public List<(string Url, string Body)> Sent { get; } = [];

        public int Left => _next.Count;

        public Answers Next(string body, HttpStatusCode status = HttpStatusCode.OK)
        {
            _next.Enqueue(_ => Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") }));
            return this;
        }

        public Answers Away()
        {
            _next.Enqueue(_ => throw new HttpRequestException("Connection refused"));
            return this;
        }

        public void Never() => _next.Enqueue(async cancellation =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return new HttpResponseMessage();
        });

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Sent.Add((request.RequestUri!.ToString(), await request.Content!.ReadAsStringAsync(cancellationToken)));
            return await _next.Dequeue()(cancellationToken);
        }
    }
}
