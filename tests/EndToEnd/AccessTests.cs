using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>
/// Who may publish and play, with the real server and real clients: ffmpeg with right, wrong and expired tokens by every way in and out, hls.js, hooks
/// that are slow or gone. After each test no secret is in the log.
/// </summary>
[Collection(Alone.Name)]
public sealed class AccessTests(ITestOutputHelper output) : IAsyncLifetime
{
    const string Key = "publishing-key-7f3a", Secret = "token-secret-of-the-tests", Guess = "guessed-by-somebody";
    readonly List<string> _secrets = [Key, Secret, Guess];
    ServerProcess _server = null!;
    HookProgram _hooks = null!;

    public async Task InitializeAsync() => _hooks = await HookProgram.Start();

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            Assert.All(_secrets, secret => Assert.DoesNotContain(secret, _server.Log, StringComparison.Ordinal));
            await _server.DisposeAsync();
        }

        await _hooks.DisposeAsync();
    }

    [SkippableFact]
    public async Task Ffmpeg_publishes_and_plays_with_the_right_token_and_not_with_another()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await Start(new() { ["Access__Mode"] = "Protected", ["Publish__Key"] = Key });
        var file = await SourceMedia.Plain;

        // 1. In.
        foreach (var query in (string[])["", $"?key={Guess}", $"?token={await Token("other", "publish")}", $"?token={await Token("studio", "play")}"])
        {
            await using var refused = Ffmpeg.Publish(file, _server.Rtmp("studio") + query);
            Assert.NotEqual(0, await refused.Ends(TimeSpan.FromSeconds(20)));
        }

        await using var publisher = Ffmpeg.Publish(file, $"{_server.Rtmp("studio")}?token={await Token("studio", "publish")}");
        var token = await Token("studio", "play");
        await Eventually.IsTrue("it is playable", TimeSpan.FromSeconds(20), async () => (await Status($"/live/studio/master.m3u8?token={token}")) == HttpStatusCode.OK);

        // 2. Out.
        string[] ways = ["http://H/live/studio/master.m3u8", "http://H/live/studio/ts/master.m3u8", "http://H/live/studio/manifest.mpd", "http://H/live/studio.flv", "http://H/live/studio.ts", "rtmp://R/live/studio"];
        var (expired, other) = (await Token("studio", "play", seconds: -3_600), await Token("other", "play"));
        foreach (var way in ways)
        {
            var address = way.Replace("H", $"127.0.0.1:{_server.HttpPort}", StringComparison.Ordinal).Replace("R", $"127.0.0.1:{_server.RtmpPort}", StringComparison.Ordinal);
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams($"{address}?token={token}"));
            foreach (var wrong in (string[])["", $"?token={expired}", $"?token={other}", $"?token={Guess}"])
            {
                await using var refused = ChildProcess.Start("ffprobe", ["-v", "error", "-rw_timeout", "8000000", address + wrong]);
                Assert.NotEqual(0, await refused.Ends(TimeSpan.FromSeconds(20)));
            }
        }

        Assert.Equal(HttpStatusCode.OK, await Status("/live/studio"));   // the page says nothing of the stream
    }

    [SkippableFact]
    public async Task An_encoder_is_cut_off_when_the_time_is_over_that_its_token_gives_it()
    {
        Tools.Require("ffmpeg");
        await Start(new() { ["Access__Mode"] = "Protected" });
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, $"{_server.Rtmp("studio")}?token={Signed($"act=publish&path=studio&exp={In(600)}&end={In(6)}")}");
        Assert.NotEqual(0, await publisher.Ends(TimeSpan.FromSeconds(40)));
        await Eventually.IsTrue("the log says why", TimeSpan.FromSeconds(10), () => _server.Log.Contains("The session was ended: Expired.", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Hls_js_plays_a_protected_stream_from_our_page_and_from_its_own_with_one_question_to_the_hook()
    {
        Tools.Require("ffmpeg");
        Tools.RequirePlayer("hls.js");
        await Start(new()
        {
            ["Access__Mode"] = "Protected", ["Publish__Key"] = Key, ["Access__Hooks__0__Url"] = _hooks.Url, ["Access__Hooks__0__Shape"] = "Srs", ["Access__Hooks__0__Asks__0"] = "Play",
        });
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, $"{_server.Rtmp("vip")}?key={Key}");
        var token = await Token("vip", "play");
        await Eventually.IsTrue("it is playable", TimeSpan.FromSeconds(20), async () => (await Status($"/live/vip/master.m3u8?token={token}")) == HttpStatusCode.OK);
        await using var browser = await Browser.Start();
        var own = await browser.Open(browser.PlayerAddress("hls.html", _server.Url($"/live/vip/master.m3u8?token={token}")));
        await own.Plays(TimeSpan.FromSeconds(30));
        var asked = _hooks.Count;
        var before = await own.Read();
        await Eventually.IsTrue("eight seconds are played", TimeSpan.FromSeconds(30), async () => (await own.Read()).Time > before.Time + 8);
        Assert.Equal(asked, _hooks.Count);
        output.WriteLine($"figure: protected LL-HLS in hls.js, 8 s of playing: 0 questions to the hook ({asked} before: the test's own client and the browser)");

        var page = await browser.Open(_server.Url($"/live/vip?token={token}").ToString());
        var shown = await page.Plays(TimeSpan.FromSeconds(30));
        Assert.DoesNotContain(token, shown.Text, StringComparison.Ordinal);
        var refused = await browser.Open(_server.Url("/live/vip").ToString());
        await Eventually.IsTrue("the page says that the stream is protected", TimeSpan.FromSeconds(20), async () => (await refused.Read()).Text.Contains("protected", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_hook_hears_who_publishes_and_watches_decides_and_is_obeyed_when_it_is_down()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await Start(new()
        {
            ["Access__Mode"] = "Protected", ["Publish__Key"] = Key, ["Access__Sessions__Idle"] = "00:00:03", ["Access__Sessions__RefusalAge"] = "00:00:00",
            ["Access__Hooks__0__Url"] = _hooks.Url, ["Access__Hooks__0__Shape"] = "MediaMtx", ["Access__Hooks__0__Grants"] = "true", ["Access__Hooks__0__Timeout"] = "00:00:01",
            ["Access__Hooks__1__Url"] = _hooks.Url, ["Access__Hooks__1__Shape"] = "Signed", ["Access__Hooks__1__Secret"] = Secret,
        });
        _secrets.Add("pass-of-ann");
        _hooks.Decide = static call => Task.FromResult(Is(call, "user", "bob") ? 401 : 200);

        // 1. It hears and decides.
        var file = await SourceMedia.Plain;
        await using (var publisher = Ffmpeg.Publish(file, $"{_server.Rtmp("studio")}?user=ann&pass=pass-of-ann"))
        {
            await _hooks.Hears("the question", call => Is(call, "action", "publish") && Is(call, "user", "ann") && Is(call, "protocol", "rtmp") && Is(call, "path", "live/studio"));
            await _hooks.Hears("publish", call => Is(call, "event", "publish") && Is(call, "stream", "studio"));
            var mine = $"/live/studio/master.m3u8?user=ann&pass=pass-of-ann";
            await Eventually.IsTrue("it is playable", TimeSpan.FromSeconds(20), async () => await Status(mine) == HttpStatusCode.OK);
            Assert.Equal(HttpStatusCode.Unauthorized, await Status("/live/studio/master.m3u8?user=bob&pass=pass-of-ann"));

            // 2. It is slow to one, and another watches.
            var held = new TaskCompletionSource();
            _hooks.Decide = async call =>
            {
                if (Is(call, "user", "slow"))
                {
                    await held.Task;
                }

                return 200;
            };
            var watched = await StrictHlsClient.Open(_server.Http, _server.Url(mine));
            var slow = Status("/live/studio/master.m3u8?user=slow");
            var last = watched.Renditions[0].Last;
            await watched.Until("the watched stream goes on", TimeSpan.FromSeconds(20), rendition => rendition.Last >= last + 2);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await slow);   // after a second: denied
            held.SetResult();
            watched.AssertNothingWrong();

            // 3. It is gone: who was let in goes on, others are denied, and when it is back they are not.
            await _hooks.Stop();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await Status("/live/studio/master.m3u8?user=new"));
            last = watched.Renditions[0].Last;
            await watched.Until("the watched stream goes on", TimeSpan.FromSeconds(20), rendition => rendition.Last >= last + 2);
            await watched.DisposeAsync();
            await _hooks.StartAgain();
            Assert.Equal(HttpStatusCode.OK, await Status("/live/studio/master.m3u8?user=new"));
        }

        // 4. What happened meanwhile was told when it was back.
        var told = new HashSet<string>();
        await _hooks.Hears("stop and unpublish", call => call.TryGetProperty("event", out var what) && told.Add(what.GetString()!) && told.IsSupersetOf(["stop", "unpublish"]));
    }

    [SkippableFact]
    public async Task What_hooks_did_not_hear_before_the_server_was_killed_its_next_run_tells_in_order_and_who_was_there()
    {
        Tools.Require("ffmpeg");
        await Start(new() { ["Access__Hooks__0__Url"] = _hooks.Url, ["Access__Hooks__0__Secret"] = Secret, ["Access__Hooks__0__Timeout"] = "00:01:00" });
        await _hooks.Stop();
        var file = await SourceMedia.Short;
        await using (var first = Ffmpeg.Publish(file, _server.Rtmp("studio")))
        {
            await AreWaiting(1);
            await _server.IsPlayable("studio");
            await AreWaiting(2);
        }

        await AreWaiting(3);
        await using var second = Ffmpeg.Publish(file, _server.Rtmp("studio"));
        await AreWaiting(4);
        await _server.Crash();
        await _hooks.StartAgain();
        await _server.StartAgain();

        var heard = new List<JsonElement>();
        while (heard.Count < 6)
        {
            heard.Add(await _hooks.Hears("the next event", static _ => true));
        }

        Assert.Equal(["publish", "play", "unpublish", "publish", "stop", "unpublish"], heard.Select(call => call.GetProperty("event").GetString()));
        Assert.Equal(["lost", "HostLost"], heard.TakeLast(2).Select(call => call.GetProperty("reason").GetString()));
        Assert.Equal([Session(heard[0]), Session(heard[1]), Session(heard[3])], [Session(heard[2]), Session(heard[4]), Session(heard[5])]);
        Assert.Equal(6, heard.Select(call => call.GetProperty("id").GetString()).Distinct().Count());
        await AreWaiting(0);

        static string Session(JsonElement call) => call.GetProperty("session").GetString()!;
    }

    Task AreWaiting(int events) => Eventually.IsTrue($"{events} events wait for the hook", TimeSpan.FromSeconds(20), async () =>
        (await _server.Http.GetStringAsync("/metrics")).Contains($"\ntributary_access_hook_events_waiting {events}\n", StringComparison.Ordinal));

    static bool Is(JsonElement call, string field, string value) => call.TryGetProperty(field, out var found) && found.GetString() == value;

    async Task<HttpStatusCode> Status(string path)
    {
        using var answer = await _server.Http.GetAsync(path);
        return answer.StatusCode;
    }

    // From the operations API, as an application would take them.
    async Task<string> Token(string stream, string action, int seconds = 600)
    {
        if (seconds < 0)
        {
            return Signed($"act={action}&path={stream}&exp={In(seconds)}");
        }

        using var content = new StringContent(JsonSerializer.Serialize(new { action, seconds }), System.Text.Encoding.UTF8, "application/json");
        using var answer = await _server.Http.PostAsync($"/api/v1/streams/{stream}/tokens", content);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
        _secrets.Add(token);
        return token;
    }

    // As README tells others to make them.
    string Signed(string fields)
    {
        var payload = System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.ASCII.GetBytes(fields));
        var mac = System.Security.Cryptography.HMACSHA256.HashData(System.Text.Encoding.ASCII.GetBytes(Secret), System.Text.Encoding.ASCII.GetBytes(payload));
        var token = $"{payload}.{System.Buffers.Text.Base64Url.EncodeToString(mac)}";
        _secrets.Add(token);
        return token;
    }

    static long In(int seconds) => DateTimeOffset.UtcNow.AddSeconds(seconds).ToUnixTimeSeconds();

    async Task Start(Dictionary<string, string> settings)
    {
        settings["Access__Tokens__Keys__a"] = Secret;
        settings["Logging__LogLevel__Default"] = "Debug";
        settings["Logging__LogLevel__Microsoft"] = "Debug";
        settings["Access__Lockout__Failures"] = "1000";
        _server = await ServerProcess.Start(settings);
    }
}
