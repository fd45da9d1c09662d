using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Tokens;
using Tributary.Grains.LiveStreams;
using Tributary.Unit.Access;

namespace Tributary.Unit.Gateway;

/// <summary>Who may play, at a whole gateway: over HTTP, as players ask.</summary>
public sealed partial class PlayAccessTests
{
    const string Secret = "sixteen letters!";

    [Fact]
    public async Task A_protected_stream_is_played_with_its_token_and_every_address_in_its_playlists_carries_a_ticket()
    {
        await using var host = await Protected();
        host.GoLive("demo", 3);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get("/live/demo/master.m3u8")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get("/live/demo/seg-1-v1.m4s")).Status);
        var token = Token("demo");
        foreach (var folder in (string[])["/live/demo/", "/live/demo/ts/"])
        {
            var (status, master) = await host.Get($"{folder}master.m3u8?token={token}");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.DoesNotContain(token, master, StringComparison.Ordinal);
            foreach (var variant in Addresses(master))
            {
                Assert.Contains("?ticket=", variant, StringComparison.Ordinal);
                var media = await host.Client.GetStringAsync(folder + variant);
                foreach (var address in Addresses(Hint().Replace(media, "")).Distinct())
                {
                    Assert.NotEmpty(await host.Client.GetByteArrayAsync(folder + address));
                    Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get(folder + address.Split('?')[0])).Status);
                }
            }
        }
    }

    [Fact]
    public async Task A_manifest_carries_tickets_too_and_says_where_it_is_asked_for_again()
    {
        await using var host = await Protected();
        host.GoLive("demo", 3);
        var text = await host.Client.GetStringAsync($"/live/demo/manifest.mpd?token={Token("demo")}");
        var manifest = System.Xml.Linq.XDocument.Parse(text);
        var location = manifest.Descendants().First(element => element.Name.LocalName == "Location").Value;
        Assert.StartsWith("manifest.mpd?ticket=", location, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/{location}")).Status);
        var template = manifest.Descendants().First(element => element.Name.LocalName == "SegmentTemplate");
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/{template.Attribute("initialization")!.Value}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/{template.Attribute("media")!.Value.Replace("$Number$", "1", StringComparison.Ordinal)}")).Status);
    }

    [Theory]
    [InlineData("/live/demo/", "manifest")]
    [InlineData("/live/demo.ism/", "Manifest")]
    [InlineData("/live/demo.ISM/", "Manifest")]
    public async Task Smooth_streaming_has_the_rights_of_its_stream_under_both_of_its_names(string folder, string manifest)
    {
        await using var host = await Protected();
        host.GoLive("demo", 6);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get(folder + manifest)).Status);
        var text = await host.Client.GetStringAsync($"{folder}{manifest}?token={Token("demo")}");
        var presentation = System.Xml.Linq.XDocument.Parse(text);
        var stream = presentation.Descendants("StreamIndex").First();
        var fragment = stream.Attribute("Url")!.Value
            .Replace("{bitrate}", stream.Element("QualityLevel")!.Attribute("Bitrate")!.Value, StringComparison.Ordinal)
            .Replace("{start time}", stream.Element("c")!.Attribute("t")!.Value, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.Get(folder + fragment)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get(folder + fragment.Split('?')[0])).Status);
    }

    [Theory]
    [InlineData("/live/demo/2/master.m3u8")]
    [InlineData("/live/demo%2F2/master.m3u8")]
    [InlineData("/live/demo%2f2/manifest")]
    [InlineData("/live/demo/2.flv")]
    [InlineData("/live/demo%2F2.ts")]
    public async Task The_stream_that_carries_a_rendition_has_no_address_of_its_own(string address)
    {
        await using var host = await Protected();
        host.GoLive("demo", 3);
        host.Cluster.Stream("demo/2").State = StreamState.Live;
        Assert.Contains((await host.Get($"{address}?token={Token("demo")}")).Status, (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.BadRequest]);
    }

    [Theory]
    [InlineData("other", 0, "", HttpStatusCode.Unauthorized)]        // for another stream
    [InlineData("demo", -3_600, "", HttpStatusCode.Unauthorized)]    // expired
    [InlineData("demo", 0, "198.51.100.0/24", HttpStatusCode.Unauthorized)]
    [InlineData("demo", 0, "127.0.0.0/8", HttpStatusCode.OK)]
    [InlineData("d*", 0, "", HttpStatusCode.OK)]
    public async Task A_token_opens_what_it_is_for(string path, int late, string bound, HttpStatusCode status)
    {
        await using var host = await Protected();
        host.GoLive("demo", 3);
        var token = new SignedToken(AccessAction.Play, path, DateTimeOffset.UtcNow.AddMinutes(10).AddSeconds(late))
        {
            Bound = AddressRange.TryParse(bound, out var range) ? range : null,
        };
        Assert.Equal(status, (await host.Get($"/live/demo/master.m3u8?token={token.Sign(Encoding.UTF8.GetBytes(Secret))}")).Status);
    }

    [Fact]
    public async Task A_json_web_token_opens_by_query_and_by_header_and_a_header_needs_no_ticket()
    {
        await using var host = await Protected(("Access:Jwt:Secret", "a secret of thirty-two letters at least"));
        host.GoLive("demo", 3);
        var exp = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds();
        var jwt = JwtTests.Sign("""{"alg":"HS256"}""", $$"""{"exp": {{exp}}, "mediamtx_permissions": [{"action": "read", "path": "demo"}]}""");
        Assert.Contains("?ticket=", (await host.Get($"/live/demo/master.m3u8?jwt={jwt}")).Text, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/live/demo/master.m3u8") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", jwt) } };
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain("ticket", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl is { Private: true, Public: false });
    }

    [Fact]
    public async Task Playlists_of_public_streams_are_the_same_for_everybody_with_a_token_or_without()
    {
        await using var host = await GatewayHost.Start(("Access:Tokens:Keys:k", Secret));
        host.GoLive("demo", 3);
        var plain = await host.Client.GetAsync("/live/demo/index-v1.m3u8");
        var other = await host.Client.GetAsync($"/live/demo/index-v1.m3u8?token={Token("demo")}");
        Assert.Equal(await plain.Content.ReadAsStringAsync(), await other.Content.ReadAsStringAsync());
        Assert.Equal(plain.Headers.ETag, other.Headers.ETag);
        Assert.True(plain.Headers.CacheControl is { Public: true });
        Assert.Equal(0, host.Services.GetRequiredService<AccessMetrics>().Decisions);
    }

    [Fact]
    public async Task A_viewer_of_protected_low_latency_costs_one_decision_one_question_to_a_hook_and_no_grain_call_after_it()
    {
        await using var hooks = await HookServer.Start();
        await using var host = await Protected(("Access:Hooks:0:Url", hooks.Url), ("Access:Hooks:0:Shape", "Srs"));
        host.GoLive("demo", 3);
        var token = Token("demo");
        var media = Addresses(await host.Client.GetStringAsync($"/live/demo/master.m3u8?token={token}")).First(address => address.StartsWith("index-v", StringComparison.Ordinal));
        await host.Client.GetStringAsync($"/live/demo/{media}");
        var questions = host.Cluster.Stream("demo").Questions;
        var requests = 0;
        for (var msn = 4L; msn < 54; msn++)
        {
            host.Publish("demo", host.Media.Segment(host.Media.Mark(msn)));
            var playlist = await host.Client.GetStringAsync($"/live/demo/{media}&_HLS_msn={msn - 1}");
            foreach (var address in Addresses(playlist).Where(address => address.StartsWith($"seg-{msn - 1}-", StringComparison.Ordinal)
                || address.StartsWith($"part-{msn - 1}-", StringComparison.Ordinal)))
            {
                Assert.NotEmpty(await host.Client.GetByteArrayAsync($"/live/demo/{address}"));
                requests++;
            }
        }

        Assert.True(requests >= 50, $"only {requests} segments and parts were fetched");
        Assert.Equal(1, hooks.Count);
        Assert.Equal(1, host.Services.GetRequiredService<AccessMetrics>().Decisions);
        Assert.Equal(questions, host.Cluster.Stream("demo").Questions);
    }

    [Fact]
    public async Task Requests_that_come_together_are_one_viewer_and_wait_for_one_decision()
    {
        await using var hooks = await HookServer.Start();
        var held = new TaskCompletionSource();
        hooks.Answer = async _ =>
        {
            await held.Task;
            return (200, "0");
        };
        await using var host = await GatewayHost.Start(("Access:Hooks:0:Url", hooks.Url), ("Access:Hooks:0:Shape", "Srs"), ("Access:Hooks:0:Timeout", "00:01:00"));
        host.GoLive("demo", 3);
        var requests = Enumerable.Range(0, 20).Select(_ => host.Get("/live/demo/index-v1.m3u8")).ToArray();
        await hooks.Next();
        Assert.All(requests, request => Assert.False(request.IsCompleted));
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/")).Status);   // nobody else waits
        held.SetResult();
        Assert.All(await Task.WhenAll(requests), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(1, hooks.Count);
    }

    [Fact]
    public async Task A_hook_that_knows_whom_it_is_asked_about_opens_protected_streams()
    {
        await using var hooks = await HookServer.Start();
        hooks.Answer = call => Task.FromResult((call["user"] == "ann" ? 200 : 401, ""));
        await using var host = await GatewayHost.Start(
            ("Access:Mode", "Protected"), ("Access:Hooks:0:Url", hooks.Url), ("Access:Hooks:0:Shape", "MediaMtx"), ("Access:Hooks:0:Grants", "true"));
        host.GoLive("demo", 3);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/master.m3u8?user=ann&pass=secret")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get("/live/demo/master.m3u8?user=bob&pass=secret")).Status);
        using var asked = await host.Client.GetAsync("/live/demo/master.m3u8");
        Assert.Equal((HttpStatusCode.Unauthorized, "Basic"), (asked.StatusCode, asked.Headers.WwwAuthenticate.Single().Scheme));
    }

    [Fact]
    public async Task A_private_stream_is_as_if_it_were_not()
    {
        await using var host = await GatewayHost.Start(
            ("Access:Rules:0:Streams", "dem*"), ("Access:Rules:0:Mode", "Private"), ("Access:Tokens:Keys:k", Secret), ("Api:Token", "sixteen letters!!"));
        host.GoLive("demo", 3);
        host.GoLive("other", 3);
        foreach (var path in (string[])["/live/{0}/master.m3u8", "/live/{0}/seg-1-v1.m4s", "/live/{0}/manifest.mpd", "/live/{0}.flv", "/live/{0}.ts", "/live/{0}"])
        {
            using var hidden = await host.Client.GetAsync(path.Replace("{0}", "demo", StringComparison.Ordinal));
            using var absent = await host.Client.GetAsync(path.Replace("{0}", "dem2", StringComparison.Ordinal));
            Assert.Equal(absent.StatusCode, hidden.StatusCode);
            Assert.Equal((await absent.Content.ReadAsStringAsync()).Replace("dem2", "demo", StringComparison.Ordinal), await hidden.Content.ReadAsStringAsync());
            Assert.Equal(absent.Headers.CacheControl, hidden.Headers.CacheControl);
        }

        Assert.DoesNotContain("demo", (await host.Get("/api/v1/streams")).Text, StringComparison.Ordinal);
        Assert.Contains("OffAir", (await host.Get("/api/v1/streams/demo")).Text, StringComparison.Ordinal);
        Assert.Contains("Live", (await host.Get($"/api/v1/streams/demo?token={Token("demo")}")).Text, StringComparison.Ordinal);
        Assert.Contains("other", (await host.Get("/api/v1/streams")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/master.m3u8?token={Token("demo")}")).Status);
    }

    [Fact]
    public async Task Preflights_are_never_asked_for_credentials_and_refusals_can_be_read_by_pages_of_others()
    {
        await using var host = await Protected();
        foreach (var path in (string[])["/live/demo/master.m3u8", "/live/demo.flv", "/live/demo/seg-1-v1.m4s"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, path) { Headers = { { "Origin", "https://elsewhere.example" }, { "Access-Control-Request-Headers", "authorization" } } };
            using var answer = await host.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            Assert.Contains("Authorization", answer.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        }

        using var refusal = await host.Client.GetAsync("/live/demo/master.m3u8");
        Assert.Equal("*", refusal.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("Bearer", refusal.Headers.WwwAuthenticate.ToString());
        Assert.Equal("no-store", refusal.Headers.CacheControl!.ToString());
    }

    [Theory]
    [InlineData("Access:Addresses:PlayNotFrom:0", "127.0.0.1", HttpStatusCode.Forbidden)]
    [InlineData("Access:Addresses:PlayFrom:0", "192.0.2.0/24", HttpStatusCode.Forbidden)]
    [InlineData("Access:Addresses:PlayFrom:0", "127.0.0.0/8", HttpStatusCode.OK)]
    public async Task Addresses_are_let_in_or_not(string key, string value, HttpStatusCode status)
    {
        await using var host = await GatewayHost.Start((key, value));
        host.GoLive("demo", 3);
        Assert.Equal(status, (await host.Get("/live/demo/index-v1.m3u8")).Status);
    }

    [Theory]
    [InlineData("192.0.2.9", HttpStatusCode.OK)]
    [InlineData("198.51.100.1, 192.0.2.9", HttpStatusCode.OK)]
    [InlineData("192.0.2.9, 198.51.100.1", HttpStatusCode.Forbidden)]
    public async Task Behind_a_proxy_of_ours_the_viewer_is_whom_it_names(string forwarded, HttpStatusCode status)
    {
        await using var host = await GatewayHost.Start(("Access:Addresses:PlayFrom:0", "192.0.2.0/24"), ("Access:TrustedProxies:0", "127.0.0.1"));
        host.GoLive("demo", 3);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/live/demo/index-v1.m3u8") { Headers = { { "X-Forwarded-For", forwarded } } };
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task What_an_operator_decides_holds_at_once_and_above_the_configuration()
    {
        await using var host = await GatewayHost.Start(("Access:Tokens:Keys:k", Secret));
        host.GoLive("demo", 3);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/index-v1.m3u8")).Status);
        using var protect = await host.Client.PutAsync("/api/v1/streams/demo/access", Json("""{"mode": "Protected", "key": "the key", "playFrom": ["127.0.0.0/8"]}"""));
        Assert.Equal(HttpStatusCode.OK, protect.StatusCode);
        Assert.DoesNotContain("the key", await protect.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get("/live/demo/index-v1.m3u8")).Status);

        using var issued = await host.Client.PostAsync("/api/v1/streams/demo/tokens", Json("""{"seconds": 60, "address": "127.0.0.1"}"""));
        Assert.Equal(HttpStatusCode.Created, issued.StatusCode);
        var token = JsonDocument.Parse(await issued.Content.ReadAsStringAsync()).RootElement.GetProperty("token").GetString();
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/index-v1.m3u8?token={token}")).Status);
        var shown = JsonDocument.Parse((await host.Get("/api/v1/streams/demo/access")).Text).RootElement;
        Assert.True(shown.GetProperty("hasKey").GetBoolean() && shown.GetProperty("decided").GetBoolean());

        using var cleared = await host.Client.DeleteAsync("/api/v1/streams/demo/access");
        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/index-v1.m3u8")).Status);
        foreach (var wrong in (string[])["{}", """{"mode": "Secret"}""", """{"mode": "Public", "playFrom": ["somewhere"]}""", "[", """{"mode": 7}"""])
        {
            using var refused = await host.Client.PutAsync("/api/v1/streams/demo/access", Json(wrong));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
    }

    [Fact]
    public async Task Whoever_guesses_tokens_is_locked_out_and_whoever_was_let_in_goes_on()
    {
        await using var host = await Protected(("Access:Lockout:Failures", "5"));
        host.GoLive("demo", 3);
        var media = Addresses(await host.Client.GetStringAsync($"/live/demo/master.m3u8?token={Token("demo")}"))[0];
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.Get($"/live/demo/master.m3u8?token={Token("demo", "another sixteen " + i)}")).Status);
        }

        using var locked = await host.Client.GetAsync($"/live/demo/master.m3u8?token={Token("d*")}");
        Assert.Equal(HttpStatusCode.TooManyRequests, locked.StatusCode);
        Assert.True(locked.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/{media}")).Status);
    }

    [Fact]
    public async Task A_held_viewer_gets_what_its_token_opens_and_is_cut_when_its_time_is_over()
    {
        var time = new Rtmp.ManualTime();
        await using var host = await GatewayHost.Start(time, ("Access:Mode", "Protected"), ("Access:Tokens:Keys:k", Secret), ("Access:Tokens:Tolerance", "00:00:00"));
        host.GoLive("demo", 3);
        using var refused = await host.Client.GetAsync("/live/demo.flv", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        foreach (var fresh in (bool[])[true, false])   // from the socket, and through HTTP on a connection that was used before
        {
            using var client = new HttpClient { BaseAddress = host.Client.BaseAddress };
            if (!fresh)
            {
                await client.GetStringAsync("/");
            }

            var now = time.GetUtcNow();
            var token = new SignedToken(AccessAction.Play, "demo", now.AddMinutes(1)) { Ends = now.AddSeconds(3) }.Sign(Encoding.UTF8.GetBytes(Secret));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await using var stream = await client.GetStreamAsync($"/live/demo.flv?token={token}", limit.Token);
            var head = new byte[13];
            await stream.ReadExactlyAsync(head, limit.Token);
            Assert.Equal("FLV"u8.ToArray(), head[..3]);
            time.Advance(TimeSpan.FromSeconds(3));
            var ended = await Record.ExceptionAsync(async () =>
            {
                while (await stream.ReadAsync(new byte[65_536], limit.Token) > 0)
                {
                }
            });
            Assert.False(limit.IsCancellationRequested, "it was not cut");
            Assert.True(ended is null or IOException, $"{ended}");
        }
    }

    [Fact]
    public async Task A_ticket_is_good_at_every_gateway_also_when_the_token_is_not_any_more_and_at_no_other_stream()
    {
        (string, string) shared = ("Access:Sessions:TicketSecret", "a secret that all have");
        await using var one = await Protected(shared);
        await using var other = await GatewayHost.Start(shared, ("Access:Mode", "Protected"), ("Access:Tokens:Keys:k", "a key that came later"));
        await using var stranger = await Protected(("Access:Sessions:TicketSecret", "a secret of another cluster"));
        foreach (var host in (GatewayHost[])[one, other, stranger])
        {
            host.GoLive("demo", 3);
            host.GoLive("other", 3);
        }

        var token = Token("demo");
        var media = Addresses(await one.Client.GetStringAsync($"/live/demo/master.m3u8?token={token}"))[0];
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.Get($"/live/demo/master.m3u8?token={token}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await other.Get($"/live/demo/{media}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.Get($"/live/other/{media}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.Get($"/live/demo/{media}")).Status);
        Assert.Equal(0, other.Services.GetRequiredService<AccessMetrics>().HookCalls);
    }

    [Theory]
    [InlineData("true", HttpStatusCode.Unauthorized)]
    [InlineData("false", HttpStatusCode.OK)]
    public async Task Viewers_are_cut_off_when_their_token_expires_where_that_is_wanted(string cut, HttpStatusCode status)
    {
        var time = new Rtmp.ManualTime();
        await using var host = await GatewayHost.Start(
            time, ("Access:Mode", "Protected"), ("Access:Tokens:Keys:k", Secret), ("Access:Tokens:CutAtExpiry", cut), ("Access:Tokens:Tolerance", "00:00:00"));
        host.GoLive("demo", 3);
        var token = new SignedToken(AccessAction.Play, "demo", time.GetUtcNow().AddSeconds(5)).Sign(Encoding.UTF8.GetBytes(Secret));
        var media = Addresses(await host.Client.GetStringAsync($"/live/demo/master.m3u8?token={token}"))[0];
        Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/{media}")).Status);
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(status, (await host.Get($"/live/demo/{media}")).Status);
    }

    [Fact]
    public async Task Hooks_hear_when_a_viewer_begins_and_when_it_stopped()
    {
        await using var hooks = await HookServer.Start();
        await using var host = await GatewayHost.Start(
            ("Access:Hooks:0:Url", hooks.Url), ("Access:Hooks:0:Secret", Secret), ("Access:Sessions:Idle", "00:00:02"));
        host.GoLive("demo", 3);
        await host.Client.GetStringAsync("/live/demo/master.m3u8");
        await host.Client.GetStringAsync("/live/demo/index-v1.m3u8");
        var (began, stopped) = (await hooks.Next(), await hooks.Next());
        Assert.Equal(("play", "hls", "demo"), (began["event"], began["protocol"], began["stream"]));
        Assert.Equal(("stop", "idle", began["session"]), (stopped["event"], stopped["reason"], stopped["session"]));

        using (await host.Client.GetStreamAsync("/live/demo.flv"))
        {
            Assert.Equal(("play", "flv"), await hooks.Next() is var held ? (held["event"], held["protocol"]) : default);
        }

        Assert.Equal("left", (await hooks.Next())["reason"]);
    }

    [Fact]
    public async Task It_remembers_so_many_viewers_and_no_more()
    {
        await using var host = await Protected(("Access:Sessions:MaxRemembered", "20"));
        host.GoLive("demo", 3);
        var metrics = host.Services.GetRequiredService<AccessMetrics>();
        for (var i = 0; i < 60; i++)
        {
            var token = new SignedToken(AccessAction.Play, "demo", DateTimeOffset.UtcNow.AddMinutes(5 + i)).Sign(Encoding.UTF8.GetBytes(Secret));
            Assert.Equal(HttpStatusCode.OK, (await host.Get($"/live/demo/index-v1.m3u8?token={token}")).Status);
            Assert.InRange(metrics.Remembered!(), 0, 21);
        }
    }

    static Task<GatewayHost> Protected(params (string Key, string Value)[] more) =>
        GatewayHost.Start([("Access:Mode", "Protected"), ("Access:Tokens:Keys:k", Secret), .. more]);

    static string Token(string path, string secret = Secret) =>
        new SignedToken(AccessAction.Play, path, DateTimeOffset.UtcNow.AddMinutes(10)).Sign(Encoding.UTF8.GetBytes(secret));

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    static string[] Addresses(string playlist) =>
        [.. playlist.Split('\n').Where(line => line.Length > 0 && line[0] != '#'), .. Quoted().Matches(playlist).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("#EXT-X-PRELOAD-HINT.*\n")]
    private static partial Regex Hint();

    [GeneratedRegex("URI=\"([^\"]+)\"")]
    private static partial Regex Quoted();
}
