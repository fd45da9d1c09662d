using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Hooks;
using Tributary.Grains.Access.Tokens;
using Tributary.Grains.ServerNodes;

namespace Tributary.Unit.Access;

public sealed class HookTests : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tributary-hooks-");
    HookServer _server = null!;

    public async Task InitializeAsync() => _server = await HookServer.Start();

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(200, "0", true)]
    [InlineData(200, """{"code": 0, "msg": "OK"}""", true)]
    [InlineData(200, """{"code": 1}""", false)]
    [InlineData(200, """{"code": "0"}""", false)]
    [InlineData(200, "", false)]
    [InlineData(200, "no json", false)]
    [InlineData(403, """{"code": 0}""", false)]
    public async Task Srs_says_yes_with_zero(int status, string body, bool yes)
    {
        _server.Answer = _ => Task.FromResult((status, body));
        Assert.Equal(yes, (await Ask(new AccessHook { Url = _server.Url, Shape = HookShape.Srs })).Agrees);
        var call = await _server.Next();
        Assert.Equal("on_play", call["action"]);
        Assert.Equal("192.0.2.7", call["ip"]);
        Assert.Equal(("live", "studio", "?token=abc"), (call["app"], call["stream"], call["param"]));
        Assert.Equal("application/json", call.Headers.ContentType.ToString());
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(302, false)]
    public async Task Mediamtx_says_yes_with_its_status(int status, bool yes)
    {
        _server.Answer = _ => Task.FromResult((status, ""));
        Assert.Equal(yes, (await Ask(new AccessHook { Url = _server.Url, Shape = HookShape.MediaMtx })).Agrees);
        var call = await _server.Next();
        Assert.Equal(("read", "live/studio", "hls", "token=abc"), (call["action"], call["path"], call["protocol"], call["query"]));
        Assert.Equal(("u", "p", "abc", "192.0.2.7", "player"), (call["user"], call["password"], call["token"], call["ip"], call["userAgent"]));
        Assert.True(Guid.TryParse(call["id"], out _));
    }

    [Fact]
    public async Task A_question_of_our_own_shape_is_signed_and_has_no_token_in_it()
    {
        var hook = new AccessHook { Url = _server.Url, Asks = [HookEvent.Play], Secret = "sixteen letters!" };
        Assert.True((await Ask(hook)).Agrees);
        var call = await _server.Next();
        Assert.Equal("play", call["ask"]);
        Assert.DoesNotContain("abc", call.Body, StringComparison.Ordinal);
        AssertSigned(call, "sixteen letters!");
    }

    [Theory]
    [InlineData(HookDown.Deny, false)]
    [InlineData(HookDown.Allow, true)]
    [InlineData(HookDown.LastDecision, false)]
    public async Task A_hook_that_is_down_decides_as_is_configured(HookDown whenDown, bool agrees)
    {
        _server.Answer = _ => Task.FromResult((500, ""));
        var answer = await Ask(new AccessHook { Url = _server.Url, Shape = HookShape.Srs, WhenDown = whenDown });
        Assert.Equal(agrees, answer.Agrees);
        Assert.Equal(!agrees, answer.IsDown);
        Assert.Equal(agrees, (await Ask(new AccessHook { Url = "http://127.0.0.1:1/", Shape = HookShape.Srs, WhenDown = whenDown })).Agrees);
        _server.Answer = async _ => (await new TaskCompletionSource<int>().Task.WaitAsync(TimeSpan.FromSeconds(5)), "");
        Assert.Equal(agrees, (await Ask(new AccessHook { Url = _server.Url, Shape = HookShape.Srs, WhenDown = whenDown, Timeout = TimeSpan.FromMilliseconds(50) })).Agrees);
    }

    [Fact]
    public async Task The_last_decision_is_that_on_the_same_viewer()
    {
        var asker = Asker(new AccessHook { Url = _server.Url, Shape = HookShape.Srs, WhenDown = HookDown.LastDecision });
        var (welcome, unwelcome, unknown) = (Request("a"), Request("b"), Request("c"));
        _server.Answer = call => Task.FromResult((200, call["param"] == "?token=a" ? "0" : "1"));
        Assert.True((await asker.Ask(welcome, default)).Agrees);
        Assert.False((await asker.Ask(unwelcome, default)).Agrees);
        _server.Answer = _ => Task.FromResult((503, ""));
        Assert.True((await asker.Ask(welcome, default)).Agrees);
        Assert.False((await asker.Ask(unwelcome, default)).Agrees);
        Assert.False((await asker.Ask(unknown, default)).Agrees);
    }

    [Fact]
    public async Task Who_waits_for_a_hook_keeps_nobody_waiting_and_more_than_may_are_not_asked()
    {
        var held = new TaskCompletionSource();
        _server.Answer = async call =>
        {
            if (call["param"] == "?token=slow")
            {
                await held.Task;
            }

            return (200, "0");
        };
        var asker = Asker(new AccessHook { Url = _server.Url, Shape = HookShape.Srs, MaxAsking = 2, Timeout = TimeSpan.FromMinutes(1) });
        var slow = asker.Ask(Request("slow"), default).AsTask();
        await _server.Next();
        Assert.True((await asker.Ask(Request("quick"), default)).Agrees);   // while the other waits
        Assert.False(slow.IsCompleted);

        await _server.Next();
        var second = asker.Ask(Request("slow"), default).AsTask();
        await _server.Next();
        Assert.True((await asker.Ask(Request("third"), default)).IsDown);
        Assert.Equal(3, _server.Count);
        held.SetResult();
        Assert.True((await slow).Agrees && (await second).Agrees);
    }

    [Fact]
    public async Task Events_of_a_stream_come_in_order_signed_and_again_until_they_are_taken()
    {
        var failures = 2;
        _server.Answer = call => Task.FromResult((call["event"] == "publish" && Interlocked.Decrement(ref failures) >= 0 ? 500 : 200, ""));
        using var teller = Teller(new AccessHook { Url = _server.Url, Secret = "sixteen letters!" }, new HookDelivery { FirstPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromMilliseconds(1) });
        teller.Tell(new StreamEvent(HookEvent.Publish, "studio", DateTimeOffset.UnixEpoch) { Query = "?key=xyz" });
        teller.Tell(new StreamEvent(HookEvent.Unpublish, "studio", DateTimeOffset.UnixEpoch) { Reason = "Unpublished" });
        teller.Tell(new StreamEvent(HookEvent.Record, "studio", DateTimeOffset.UnixEpoch) { File = "recordings/studio/1.mp4", Duration = TimeSpan.FromSeconds(6) });
        HookCall[] calls = [await _server.Next(), await _server.Next(), await _server.Next(), await _server.Next(), await _server.Next()];
        Assert.Equal(["publish", "publish", "publish", "unpublish", "record"], calls.Select(call => call["event"]));
        Assert.Single(calls.Take(3).Select(call => call.Headers["Tributary-Id"].ToString()).Distinct());
        Assert.Equal("recordings/studio/1.mp4", calls[4]["file"]);
        Assert.All(calls, call => AssertSigned(call, "sixteen letters!"));
        Assert.All(calls, call => Assert.DoesNotContain("xyz", call.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stream_whose_events_are_not_taken_holds_up_no_other_and_what_finds_no_room_is_counted()
    {
        var held = new TaskCompletionSource();
        _server.Answer = async call =>
        {
            if (call["stream"] == "stuck")
            {
                await held.Task;
            }

            return (200, "");
        };
        var metrics = Metrics();
        var dropped = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, it) => { if (instrument.Name == "tributary.access.hook_events") { it.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => dropped += tags[0].Value is "dropped" ? 1 : 0);
        listener.Start();
        using var teller = Teller(
            new AccessHook { Url = _server.Url, Secret = "sixteen letters!", Timeout = TimeSpan.FromMinutes(1) }, new HookDelivery { MaxWaiting = 3 }, metrics);
        teller.Tell(new StreamEvent(HookEvent.Play, "stuck", default));
        Assert.Equal("stuck", (await _server.Next())["stream"]);
        teller.Tell(new StreamEvent(HookEvent.Play, "other", default));
        Assert.Equal("other", (await _server.Next())["stream"]);
        for (var i = 0; i < 5; i++)
        {
            teller.Tell(new StreamEvent(HookEvent.Play, "stuck", default));
        }

        Assert.InRange(dropped, 3, 4);   // the one that was delivered may still count as waiting
        Assert.InRange(teller.Waiting, 2, 3);
        held.SetResult();
    }

    [Fact]
    public async Task What_was_not_delivered_when_a_process_ended_is_told_by_its_next_run_in_order()
    {
        var hook = new AccessHook { Url = _server.Url, Secret = "sixteen letters!", Timeout = TimeSpan.FromMinutes(1) };
        var never = new TaskCompletionSource();
        _server.Answer = async _ =>
        {
            await never.Task;
            return (200, "");
        };
        string id;
        using (var spool = Spool())
        using (var killed = Teller(hook, new HookDelivery(), spool: spool))
        {
            killed.Tell(new StreamEvent(HookEvent.Publish, "studio", DateTimeOffset.UnixEpoch) { Query = "?key=xyz" });
            killed.Tell(new StreamEvent(HookEvent.Unpublish, "studio", DateTimeOffset.UnixEpoch) { Reason = "Unpublished" });
            id = (await _server.Next()).Headers["Tributary-Id"].ToString();   // under way
        }

        await File.AppendAllTextAsync(Path.Combine(_folder.FullName, "events"), "{\"Number\":3,\"Kept\":{\"Hook\":\"ab");   // killed within a line
        _server.Answer = _ => Task.FromResult((200, ""));
        using (var spool = Spool())
        using (var next = Teller(hook, new HookDelivery(), spool: spool))
        {
            HookCall[] calls = [await _server.Next(), await _server.Next()];
            Assert.Equal(["publish", "unpublish"], calls.Select(call => call["event"]));
            Assert.Equal(id, calls[0].Headers["Tributary-Id"].ToString());
            await next.StopAsync(CancellationToken.None);
        }

        using var last = Spool();
        Assert.Empty(last.Open());
        never.SetResult();
    }

    [Theory]
    [InlineData(HookEvent.Publish, HookEvent.Unpublish, "unpublish", "HostLost")]
    [InlineData(HookEvent.Play, HookEvent.Stop, "stop", "lost")]
    public async Task Who_was_there_when_a_process_was_killed_is_told_of_once_by_its_next_run(HookEvent begins, HookEvent ends, string name, string reason)
    {
        var hook = new AccessHook { Url = _server.Url, Secret = "sixteen letters!", Tells = [ends] };   // of the beginning it is asked elsewhere
        var (there, gone) = (Guid.NewGuid(), Guid.NewGuid());
        using (var spool = Spool())
        using (var killed = Teller(hook, new HookDelivery(), spool: spool))
        {
            killed.Tell(new StreamEvent(begins, "studio", DateTimeOffset.UnixEpoch) { Session = there, Address = "192.0.2.7" });
            killed.Tell(new StreamEvent(begins, "studio", DateTimeOffset.UnixEpoch) { Session = gone });
            killed.Tell(new StreamEvent(ends, "studio", DateTimeOffset.UnixEpoch) { Session = gone });
            Assert.Equal(gone.ToString(), (await _server.Next())["session"]);
            await killed.StopAsync(CancellationToken.None);   // with that delivered, and nothing said of who is there
        }

        using (var spool = Spool())
        using (var next = Teller(hook, new HookDelivery(), spool: spool))
        {
            next.Tell(new StreamEvent(begins, "studio", DateTimeOffset.UnixEpoch) { Session = there });   // by its ticket
            next.Tell(new StreamEvent(ends, "studio", DateTimeOffset.UnixEpoch) { Session = there, Reason = "idle" });
            HookCall[] calls = [await _server.Next(), await _server.Next()];
            Assert.All(calls, call => Assert.Equal((name, there.ToString()), (call["event"], call["session"])));
            Assert.Equal([reason, "idle"], calls.Select(call => call["reason"]));
            Assert.Equal("192.0.2.7", calls[0]["address"]);
            await next.StopAsync(CancellationToken.None);
        }

        using var last = Spool();
        Assert.Empty(last.Open());
    }

    [Fact]
    public async Task An_end_that_was_written_down_when_the_process_was_killed_is_told_once()
    {
        var hook = new AccessHook { Url = _server.Url, Secret = "sixteen letters!", Tells = [HookEvent.Stop] };
        var (ended, again) = (Guid.NewGuid(), Guid.NewGuid());
        using (var killed = Spool())
        {
            killed.Open();
            killed.Keep(HookSpool.Begun, new StreamEvent(HookEvent.Play, "studio", default) { Session = ended });
            killed.Keep(HookSpool.NameOf(hook), new StreamEvent(HookEvent.Stop, "studio", default) { Session = again, Reason = "idle" });
            killed.Keep(HookSpool.Begun, new StreamEvent(HookEvent.Play, "studio", default) { Session = again });
            killed.Keep(HookSpool.NameOf(hook), new StreamEvent(HookEvent.Stop, "studio", default) { Session = ended, Reason = "left" });
        }

        using var spool = Spool();
        using var next = Teller(hook, new HookDelivery(), spool: spool);
        HookCall[] calls = [await _server.Next(), await _server.Next(), await _server.Next()];
        Assert.Equal(["idle", "left", "lost"], calls.Select(call => call["reason"]));
        Assert.Equal([again, ended, again], calls.Select(call => Guid.Parse(call["session"]!)));
        await next.StopAsync(CancellationToken.None);
        Assert.Equal(0, next.Waiting);
    }

    [Fact]
    public void A_spool_grows_with_what_waits_not_with_what_was_delivered()
    {
        using var spool = Spool();
        spool.Open();
        var what = new StreamEvent(HookEvent.Play, "studio", default) { UserAgent = new string('x', 400) };
        var first = spool.Keep("a", what);
        for (var number = 0; number < 5_000; number++)
        {
            spool.Done(spool.Keep("a", what));
        }

        Assert.InRange(new FileInfo(Path.Combine(_folder.FullName, "events")).Length, 1, 1_100_000);
        using var next = Spool();
        Assert.Equal(first, Assert.Single(next.Open()).Number);
    }

    [Fact]
    public async Task Srs_is_told_in_its_own_words()
    {
        using var teller = Teller(new AccessHook { Url = _server.Url, Shape = HookShape.Srs }, new HookDelivery());
        teller.Tell(new StreamEvent(HookEvent.Publish, "studio", default));   // it was asked already
        teller.Tell(new StreamEvent(HookEvent.Unpublish, "studio", default));
        teller.Tell(new StreamEvent(HookEvent.Stop, "studio", default));
        teller.Tell(new StreamEvent(HookEvent.Record, "studio", default) { File = "a.mp4" });
        HookCall[] calls = [await _server.Next(), await _server.Next(), await _server.Next()];
        Assert.Equal(["on_unpublish", "on_stop", "on_dvr"], calls.Select(call => call["action"]));
        Assert.Equal("a.mp4", calls[2]["file"]);
    }

    static void AssertSigned(HookCall call, string secret)
    {
        var timestamp = call.Headers["Tributary-Timestamp"].ToString();
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{call.Body}"));
        Assert.Equal($"v1={Convert.ToHexStringLower(mac)}", call.Headers["Tributary-Signature"].ToString());
        Assert.True(Guid.TryParse(call.Headers["Tributary-Id"], out _));
    }

    static async Task<HookAnswer> Ask(AccessHook hook) => await Asker(hook).Ask(Request("abc"), default);

    static AccessRequest Request(string token) => new(AccessAction.Play, "studio", IPAddress.Parse("192.0.2.7"), new Credentials(token, "u", "p"))
    {
        Protocol = "hls", Query = $"?token={token}", UserAgent = "player",
    };

    static HookAsker Asker(AccessHook hook) =>
        new(Http(), Metrics(), Options.Create(new AccessOptions { Hooks = [Patient(hook)] }), TimeProvider.System, NullLogger<HookAsker>.Instance);

    static HookTeller Teller(AccessHook hook, HookDelivery delivery, AccessMetrics? metrics = null, HookSpool? spool = null) => new(
        Http(), metrics ?? Metrics(), Options.Create(new AccessOptions { Hooks = [Patient(hook)], Delivery = delivery }), TimeProvider.System, NullLogger<HookTeller>.Instance, spool);

    // A busy machine is no hook that does not answer.
    static AccessHook Patient(AccessHook hook)
    {
        hook.Timeout = hook.Timeout < TimeSpan.FromSeconds(1) ? hook.Timeout : TimeSpan.FromMinutes(1);
        return hook;
    }

    HookSpool Spool() => new(_folder.FullName, NullLogger<HookSpool>.Instance);

    static HookHttp Http() => new(new NodeIdentity("node-1", ""));

    static AccessMetrics Metrics() => new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
}
