using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tributary.Grains.KLive;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.ServerNodes;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Platform;

/// <summary>What our media server asks and tells a platform, and when: with a platform that does what the test says, and a clock that goes on when it says.</summary>
public sealed class KLiveTests : IDisposable
{
    const string Entry = "0_abcdefgh";

    readonly ManualTime _time = new();
    readonly FakePlatform _platform = new();
    readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    readonly KLiveMetrics _metrics;
    readonly IOptions<KLiveOptions> _options = Options.Create(new KLiveOptions());
    readonly MediaServerNode _node;
    readonly string _folder = Directory.CreateTempSubdirectory("klive").FullName;
    readonly TrustedEncoders _trusted;
    readonly EntryDiagnostics _diagnostics;
    readonly EntryAdmission _admission;
    readonly EntryBroadcasts _broadcasts;

    public KLiveTests()
    {
        _metrics = new KLiveMetrics(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        _node = new MediaServerNode(_platform, new NodeIdentity("ms-1", ""), _options, _metrics, _time, NullLogger<MediaServerNode>.Instance);
        var alerts = new EntryAlerts(_platform, _options, _metrics, _time, NullLogger<EntryAlerts>.Instance);
        _trusted = new TrustedEncoders(_folder, _options, _time);
        _broadcasts = new EntryBroadcasts(_platform, _node, null!, _options, _metrics, _time, NullLogger<EntryBroadcasts>.Instance);
        _diagnostics = new EntryDiagnostics(_broadcasts, _node, null!, _options, _time);
        _admission = new EntryAdmission(_platform, _node, alerts, _diagnostics, _trusted, _options, _metrics, _time, NullLogger<EntryAdmission>.Instance);
    }

    public void Dispose()
    {
        _node.Dispose();
        _broadcasts.Dispose();
        _services.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    static EntryClaim Claim(string token = "right", string address = "192.0.2.1", string suffix = "1", int partner = 102) =>
        new(Entry, partner, token, 0, suffix, "kLive", IPAddress.Parse(address));

    [Fact]
    public async Task A_token_that_was_right_is_asked_about_again_after_ten_seconds()
    {
        Assert.Equal(new EntryAnswer(EntryVerdict.Admitted, "", 102), await _admission.Decide(Claim()));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        await _admission.Decide(Claim());
        Assert.Equal(1, _platform.Count("authenticate"));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        await _admission.Decide(Claim());
        Assert.Equal(2, _platform.Count("authenticate"));
        Assert.Equal("entryId=0_abcdefgh token=right hostname=ms-1 mediaServerIndex=0 applicationName=kLive partner=102", _platform.Last("authenticate"));
    }

    [Fact]
    public async Task Who_was_refused_is_not_asked_about_for_thirty_seconds_and_others_are()
    {
        Assert.Equal(EntryVerdict.WrongToken, (await _admission.Decide(Claim("wrong"))).Verdict);
        Assert.Equal(EntryVerdict.WrongToken, (await _admission.Decide(Claim())).Verdict);
        Assert.Equal(1, _platform.Count("authenticate"));
        Assert.Equal(EntryVerdict.Admitted, (await _admission.Decide(Claim(address: "192.0.2.2"))).Verdict);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(EntryVerdict.Admitted, (await _admission.Decide(Claim())).Verdict);
        Assert.Contains("\"Code\":111", _platform.Last("add"), StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", _platform.Last("add"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_platform_is_away_a_token_that_was_right_is_trusted_for_an_hour()
    {
        await _admission.Decide(Claim());
        _platform.IsAway = true;
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(EntryVerdict.Admitted, (await _admission.Decide(Claim())).Verdict);
        Assert.Equal(EntryVerdict.Unanswered, (await _admission.Decide(Claim("other"))).Verdict);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(EntryVerdict.Unanswered, (await _admission.Decide(Claim())).Verdict);
        _platform.IsAway = false;
        Assert.Equal(EntryVerdict.Admitted, (await _admission.Decide(Claim())).Verdict);
    }

    [Fact]
    public async Task A_token_that_was_right_is_trusted_over_a_restart_and_is_not_on_the_disk()
    {
        await _admission.Decide(Claim("right"));
        _platform.IsAway = true;
        _time.Advance(TimeSpan.FromMinutes(30));
        var again = new TrustedEncoders(_folder, _options, _time);
        Assert.Equal(new TrustedEncoder(102, false, DateTimeOffset.UnixEpoch), again.Find(Claim("right")));
        Assert.Null(again.Find(Claim("other")));
        Assert.Null(again.Find(Claim("right") with { Index = 1 }));
        Assert.DoesNotContain("right", await File.ReadAllTextAsync(Path.Combine(_folder, "encoders")), StringComparison.Ordinal);
        again.Remove(Claim("right"));
        Assert.Null(new TrustedEncoders(_folder, _options, _time).Find(Claim("right")));
    }

    [Fact]
    public void What_a_crash_left_half_written_of_trusted_encoders_is_left_out()
    {
        _trusted.Add(Claim("one"), 102, records: true);
        _trusted.Add(Claim("two"), 102, records: true);
        var path = Path.Combine(_folder, "encoders");
        File.WriteAllText(path, File.ReadAllText(path)[..^8]);
        var again = new TrustedEncoders(_folder, _options, _time);
        Assert.Equal(new TrustedEncoder(102, true, DateTimeOffset.UnixEpoch), again.Find(Claim("one")));
        Assert.Null(again.Find(Claim("two")));
    }

    [Theory]
    [InlineData("studio", 102, "kLive", EntryVerdict.NoEntry, 0)]
    [InlineData("0_zzzzzzzz", 102, "kLive", EntryVerdict.NoEntry, 2)]
    [InlineData("0_zzzzzzzz", 0, "", EntryVerdict.NoEntry, 1)]
    [InlineData(Entry, 103, "kLive", EntryVerdict.Refused, 2)]
    [InlineData(Entry, 0, "", EntryVerdict.Refused, 1)]
    public async Task Only_what_can_be_an_entry_is_asked_about(string name, int partner, string application, EntryVerdict expected, int calls)
    {
        Assert.Equal(expected, (await _admission.Decide(Claim(partner: partner) with { Entry = name, Application = application })).Verdict);
        Assert.Equal(calls, _platform.Calls.Count(call => call.Action is "authenticate" or "get"));
    }

    [Fact]
    public async Task A_rendition_that_the_profile_does_not_have_is_refused()
    {
        Assert.Equal(EntryVerdict.Admitted, (await _admission.Decide(Claim(suffix: "2"))).Verdict);
        var refused = await _admission.Decide(Claim(suffix: "3"));
        Assert.Equal((EntryVerdict.Refused, "The profile of entry '0_abcdefgh' has no rendition '3'."), (refused.Verdict, refused.Sentence));
        Assert.Contains("\"Code\":112", _platform.Last("add"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_the_platform_does_not_know_makes_itself_known()
    {
        _platform.KnowsNode = false;
        Assert.Equal(EntryVerdict.Admitted, (await _admission.Decide(Claim())).Verdict);
        Assert.Equal(["authenticate", "reportStatus", "add", "enable", "reportStatus", "authenticate"], _platform.Calls.Take(6).Select(call => call.Action));
    }

    [Fact]
    public async Task On_air_is_registered_as_broadcasting_then_as_playable_then_every_minute_and_unregistered_at_the_end()
    {
        var playable = new TaskCompletionSource();
        var place = new EntryPlace(Entry, 102, 1, "kLive");
        var (one, two) = (Source(playable.Task), Source(playable.Task));
        _broadcasts.Begin(place, one);
        Assert.Contains("mediaServerIndex=1 applicationName=kLive liveEntryStatus=2 ", await _platform.Next("registerMediaServer"), StringComparison.Ordinal);
        _broadcasts.Begin(place, two);
        await _platform.Next("registerMediaServer");
        playable.SetResult();
        Assert.Contains("liveEntryStatus=1 ", await _platform.Next("registerMediaServer"), StringComparison.Ordinal);
        for (var minute = 0; minute < 3; minute++)
        {
            await _platform.Idle(_time);
            _time.Advance(TimeSpan.FromSeconds(60));
            Assert.Contains("liveEntryStatus=1 ", await _platform.Next("registerMediaServer"), StringComparison.Ordinal);
        }

        _broadcasts.End(place, one.Session);
        await _platform.Next("registerMediaServer");
        _broadcasts.End(place, two.Session);
        Assert.Equal("entryId=0_abcdefgh hostname=ms-1 mediaServerIndex=1 partner=102", await _platform.Next("unregisterMediaServer"));
        await _broadcasts.StopAsync(default);
    }

    [Fact]
    public async Task A_platform_that_is_away_stops_no_stream_and_is_told_when_it_is_back()
    {
        _platform.IsAway = true;
        var cut = 0;
        var place = new EntryPlace(Entry, 102, 0, "kLive");
        var source = Source(Task.CompletedTask, () => cut++);
        _broadcasts.Begin(place, source);
        await _platform.Next("registerMediaServer");
        await _platform.Idle(_time);
        _platform.IsAway = false;
        _time.Advance(TimeSpan.FromSeconds(5));
        await _platform.Next("registerMediaServer");
        Assert.Equal(0, cut);
        _platform.IsAway = true;
        _broadcasts.End(place, source.Session);
        await _platform.Next("unregisterMediaServer");
        await _platform.Idle(_time);
        _platform.IsAway = false;
        _time.Advance(TimeSpan.FromSeconds(5));
        await _platform.Next("unregisterMediaServer");
    }

    [Fact]
    public async Task What_an_earlier_run_of_the_node_left_registered_is_ended_at_the_start()
    {
        _platform.Left = new PlatformObject("List") { { "objects", new List<object?> { new PlatformObject("LiveStreamEntry") { { "id", "0_zzzzzzzz" }, { "partnerId", 103L } } } } };
        await _broadcasts.StartAsync(default);
        Assert.Equal("entryId=0_zzzzzzzz hostname=ms-1 mediaServerIndex=0 partner=103", await _platform.Next("unregisterMediaServer"));
        Assert.Equal("entryId=0_zzzzzzzz hostname=ms-1 mediaServerIndex=1 partner=103", await _platform.Next("unregisterMediaServer"));
        await _broadcasts.StopAsync(default);
    }

    [Theory]
    [InlineData("SERVICE_FORBIDDEN_CONTENT_BLOCKED", true)]
    [InlineData("ENTRY_ID_NOT_FOUND", true)]
    [InlineData("LIVE_STREAM_EXCEEDED_MAX_PASSTHRU", false)]
    public async Task What_is_blocked_or_deleted_goes_off_air(string code, bool isCut)
    {
        _platform.Refusal = code == "SERVICE_FORBIDDEN_CONTENT_BLOCKED" ? PlatformException.Of(code) : PlatformException.Of(code, Entry);
        var cut = new TaskCompletionSource();
        _broadcasts.Begin(new EntryPlace(Entry, 102, 0, "kLive"), Source(Task.CompletedTask, cut.SetResult));
        await _platform.Next("registerMediaServer");
        await (isCut ? cut.Task : _platform.Idle(_time));
        Assert.Equal(isCut, cut.Task.IsCompleted);
    }

    [Theory]
    [InlineData("ENTRY_ID_NOT_FOUND")]
    [InlineData("SERVICE_FORBIDDEN_CONTENT_BLOCKED")]
    public async Task What_the_platform_does_not_list_any_more_is_registered_again_at_once_and_cut_where_it_says_so(string code)
    {
        var watch = new EntryWatch(_broadcasts, _platform, _options, _metrics, _time);
        var cut = new TaskCompletionSource();
        _platform.Left = new PlatformObject("List") { { "objects", new List<object?> { new PlatformObject("LiveStreamEntry") { { "id", Entry } } } } };
        _broadcasts.Begin(new EntryPlace(Entry, 102, 0, "kLive"), Source(Task.CompletedTask, cut.SetResult));
        await _platform.Next("registerMediaServer");
        await _platform.Idle(_time);
        await watch.Look();
        Assert.StartsWith("filter=objectType=KalturaLiveStreamEntryFilter idIn=0_abcdefgh pager=pageSize=300 ", _platform.Last("list"), StringComparison.Ordinal);
        Assert.Equal(1, _platform.Count("registerMediaServer"));

        // 1. One look that finds it missing, and an answer that says that all is well.
        _platform.Left = new PlatformObject("List");
        await watch.Look();
        await _platform.Next("registerMediaServer");
        await _platform.Idle(_time);
        await watch.Look();
        Assert.Equal(2, _platform.Count("registerMediaServer"));

        // 2. It was there again, and is gone for good.
        _platform.Left = new PlatformObject("List") { { "objects", new List<object?> { new PlatformObject("LiveStreamEntry") { { "id", Entry } } } } };
        await watch.Look();
        _platform.Left = new PlatformObject("List");
        _platform.Refusal = code == "ENTRY_ID_NOT_FOUND" ? PlatformException.Of(code, Entry) : PlatformException.Of(code);
        _platform.IsBlocked = code != "ENTRY_ID_NOT_FOUND";
        await watch.Look();
        await cut.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_platform_that_does_not_answer_the_watch_ends_nothing()
    {
        var watch = new EntryWatch(_broadcasts, _platform, _options, _metrics, _time);
        _broadcasts.Begin(new EntryPlace(Entry, 102, 0, "kLive"), Source(Task.CompletedTask, () => Assert.Fail("it was cut")));
        await _platform.Next("registerMediaServer");
        await _platform.Idle(_time);
        _platform.IsAway = true;
        await watch.Look();
        Assert.Equal((1, 1), (_platform.Count("list"), _platform.Count("registerMediaServer")));
    }

    [Fact]
    public async Task Operators_see_the_last_hundred_refusals_without_tokens_and_end_an_encoder()
    {
        for (var at = 0; at < 120; at++)
        {
            await _admission.Decide(Claim($"wrong{at}", $"192.0.2.{at}"));
        }

        var errors = _diagnostics.Errors();
        Assert.Equal(100, errors.Count);
        Assert.Equal("192.0.2.119", (string)errors.Last().Value!["IP"]!);
        Assert.DoesNotContain("wrong", errors.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("kLive?p=102&e=0_abcdefgh&i=0/0_abcdefgh", (string)errors.First().Value!["ConnectionUrl"]!, StringComparison.Ordinal);

        var cut = new TaskCompletionSource();
        var source = Source(Task.CompletedTask, cut.SetResult);
        _broadcasts.Begin(new EntryPlace(Entry, 102, 0, "kLive"), source);
        Assert.Equal((1, 1), ((int)_diagnostics.Info()["entriesCount"]!, (int)_diagnostics.Info()["inputStreamsCount"]!));
        Assert.NotNull((await _diagnostics.Kill(Guid.NewGuid().ToString()))["Error"]);
        Assert.True((bool)(await _diagnostics.Kill(source.Session.ToString()))["Succeed"]!);
        await cut.Task;
    }

    [Fact]
    public void What_goes_out_is_listed_by_rendition_with_bitrates_in_kilobits()
    {
        TrackSummary[] tracks =
        [
            new() { Id = 1, Codec = "H.264", CodecString = "avc1.64001f", Width = 1_280, Height = 720, MilliFramesPerSecond = 29_970, Bitrate = 2_500_400 },
            new() { Id = 2, Codec = "AAC", CodecString = "mp4a.40.2", SampleRate = 48_000, Channels = 2, Bitrate = 128_000 },
        ];
        var request = new PublishRequest { Session = Guid.NewGuid(), Slot = 0, Node = "n", FrameLink = "", Encoder = "e" };
        SlotDescription Slot(bool onAir) => new() { Slot = 0, OnAir = onAir, Request = request, Since = default, Health = new SourceHealth { Tracks = tracks } };
        var stream = new LiveStreamDescription { Name = Entry, State = StreamState.Live, Since = default, Epoch = 1, NextMsn = 1, DiscontinuitySequence = 0, Slots = [Slot(true), Slot(false)] };
        const string One = """
            {"Encoder":{"videoCodec":"H.264","audioCodec":"AAC","frameRate":29.97,"videoBitrate":2500,"audioBitrate":128,"width":1280,"height":720,"audioSampleRate":48000},"IOPerformance":{"bitrate":2628}}
            """;
        Assert.Equal($$"""{"1":{{One}}}""", EntryDiagnostics.Outputs(stream).ToJsonString());
        var several = stream with { Renditions = [new(1, true, true, tracks), new(2, false, false, tracks), new(3, true, false, [])] };
        var outputs = EntryDiagnostics.Outputs(several);
        Assert.Equal(["1", "3"], outputs.Select(output => output.Key));
        Assert.Equal(One, outputs["1"]!.ToJsonString());
        Assert.Equal(("", 0L), ((string)outputs["3"]!["Encoder"]!["videoCodec"]!, (long)outputs["3"]!["IOPerformance"]!["bitrate"]!));
        Assert.Empty(EntryDiagnostics.Outputs(stream with { Slots = [Slot(false)] }));
    }

    static BroadcastSource Source(Task playable, Action? cut = null) => new(Guid.NewGuid(), () => 0, playable, () =>
    {
        cut?.Invoke();
        return Task.CompletedTask;
    });

    sealed class FakePlatform : IPlatformClient
    {
        readonly ConcurrentQueue<(string Action, string Text)> _calls = new();
        readonly ConcurrentDictionary<string, System.Threading.Channels.Channel<string>> _next = new();

        public bool IsAway { get; set; }

        public bool KnowsNode { get; set; } = true;

        public PlatformException? Refusal { get; set; }

        /// <summary>What is listed of the partner is refused.</summary>
        public bool IsBlocked { get; set; }

        public bool SendsEncodersAway => false;

        public PlatformObject Left { get; set; } = new("List");

        public IReadOnlyList<(string Action, string Text)> Calls => [.. _calls];

        public int Count(string action) => _calls.Count(call => call.Action == action);

        public string Last(string action) => _calls.Last(call => call.Action == action).Text;

        public string Outbox => "";

        public Task<RawMap> Give(int partner, string path, CancellationToken cancellation) => throw new NotSupportedException();

        public void Forget(string path) => throw new NotSupportedException();

        public async Task<string> Next(string action) => await Of(action).Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        System.Threading.Channels.Channel<string> Of(string action) => _next.GetOrAdd(action, _ => System.Threading.Channels.Channel.CreateUnbounded<string>());

        /// <summary>Over when somebody waits for the clock.</summary>
        public async Task Idle(ManualTime time)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (!time.HasTimers)
            {
                await Task.Yield();
                patience.Token.ThrowIfCancellationRequested();
            }
        }

        public Task<PlatformObject> Call(string service, string action, int partner, RawMap parameters)
        {
            var text = string.Join(' ', parameters.Append(new("partner", (long)partner)).Select(pair => $"{pair.Key}={(pair.Value is RawMap map ? string.Join(' ', map.Select(inner => $"{inner.Key}={inner.Value}")) : pair.Value)}"));
            _calls.Enqueue((action, text));
            var answer = Answer(action, partner, parameters);
            Of(action).Writer.TryWrite(text);
            return answer;
        }

        Task<PlatformObject> Answer(string action, int partner, RawMap parameters)
        {
            var entry = new PlatformObject("LiveStreamEntry") { { "id", Entry }, { "partnerId", 102L }, { "conversionProfileId", 7L } };
            var error = IsAway ? new IOException("away")
                : action == "registerMediaServer" && Refusal is not null ? Refusal
                : action == "list" && IsBlocked ? PlatformException.Of("SERVICE_FORBIDDEN_CONTENT_BLOCKED")
                : action is "authenticate" or "registerMediaServer" && !KnowsNode ? PlatformException.Of("MEDIA_SERVER_NOT_FOUND", "ms-1")
                : action == "reportStatus" && !KnowsNode ? PlatformException.Named("SERVER_NODE_NOT_FOUND", "HOST_NAME", "ms-1")
                : action is "authenticate" or "get" && (parameters.Text("entryId") != Entry || partner is not (0 or 102)) ? PlatformException.Of("ENTRY_ID_NOT_FOUND", parameters.Text("entryId"))
                : action == "authenticate" && parameters.Text("token") != "right" ? PlatformException.Of("LIVE_STREAM_INVALID_TOKEN", Entry)
                : (Exception?)null;
            KnowsNode |= action == "enable";
            return error is not null ? Task.FromException<PlatformObject>(error) : Task.FromResult(action switch
            {
                "getByConversionProfileId" => new PlatformObject("List") { { "objects", new List<object?> { Flavor("1"), Flavor("2"), new PlatformObject("LiveParams") } } },
                "list" => Left,
                "add" => new PlatformObject("ServerNode") { { "id", 5L } },
                _ => entry,
            });
        }

        static PlatformObject Flavor(string suffix) => new("LiveParams") { { "streamSuffix", suffix } };
    }
}
