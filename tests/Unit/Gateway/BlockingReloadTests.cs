using System.Net;
using Tributary.Grains.Frames;
using Tributary.Media.Frames;
using Tributary.Unit.Packaging;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Gateway;

/// <summary>Delivery directives (RFC 8216bis §6.2.5) at a stream with segments of two seconds in parts of one; 0 to 3 are complete, 4 is open.</summary>
public sealed class BlockingReloadTests : IAsyncLifetime
{
    readonly ManualTime _time = new();
    readonly Queue<MarkedFrame> _open = new();
    GatewayHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.Start(_time, ("Gateway:Hls:MaxWaiting", "100"));
        _host.GoLive("demo", 3);
        await _host.Get("/live/demo/master.m3u8");
        _time.Advance(TimeSpan.FromSeconds(3));
        foreach (var msn in (long[])[4, 5, 6])
        {
            _host.Media.Segment(_host.Media.Mark(msn)).ForEach(_open.Enqueue);
        }

        Send(1, 0);
    }

    public async Task DisposeAsync()
    {
        while (_open.TryDequeue(out var frame))
        {
            frame.Frame.Data.Release();
        }

        await _host.DisposeAsync();
    }

    // Frames up to the picture with this index of the segment counted from 4, itself included.
    void Send(int pictures, int segment)
    {
        while (_open.TryPeek(out var next) && (next.Segment.Msn - 4 < segment || (next.Segment.Msn - 4 == segment && Index(next) < pictures)))
        {
            _host.Publish("demo", _open.Dequeue());
        }
    }

    static long Index(MarkedFrame marked) => (marked.Frame.Dts90k - marked.Segment.Start90k) / SyntheticStream.FrameTicks;

    Task<string> Text(string directives, string rendition = "v1") => _host.Client.GetStringAsync($"/live/demo/index-{rendition}.m3u8?{directives}");

    static ParsedPlaylist Check(string text) => HlsRules.CheckMedia(System.Text.Encoding.UTF8.GetBytes(text));

    [Fact]
    public async Task All_who_wait_for_a_part_get_the_same_playlist_as_soon_as_it_is_there()
    {
        var waiting = Enumerable.Range(0, 50).Select(_ => Text("_HLS_msn=4&_HLS_part=0")).ToArray();
        await _host.UntilHeld(50);
        Send(25, 0);
        Assert.DoesNotContain(waiting, request => request.IsCompleted);
        Send(26, 0);
        var answers = await Task.WhenAll(waiting);
        Assert.Single(answers.Distinct());
        Assert.Equal((4L, 0), Check(answers[0]).Edge);
        Assert.Equal("part-4-1-v1.m4s", Check(answers[0]).Hint);
        await _host.UntilHeld(0);
    }

    [Fact]
    public async Task A_number_without_a_part_waits_for_the_whole_segment()
    {
        var waiting = Text("_HLS_msn=4");
        await _host.UntilHeld(1);
        Send(26, 0);
        await _host.UntilHeld(1);
        Send(1, 1);
        Assert.Equal(4, Check(await waiting).Segments[^1].Msn);
    }

    [Fact]
    public async Task A_part_beyond_the_last_of_its_segment_is_the_first_of_the_next()
    {
        var waiting = Text("_HLS_msn=4&_HLS_part=2");
        await _host.UntilHeld(1);
        Send(1, 1);
        await _host.UntilHeld(1);
        Send(26, 1);
        Assert.Equal((5L, 0), Check(await waiting).Edge);
    }

    [Fact]
    public async Task What_is_listed_is_answered_at_once_and_may_be_cached()
    {
        using var response = await _host.Client.GetAsync("/live/demo/index-v1.m3u8?_HLS_msn=3&_HLS_part=1");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("public, max-age=12", response.Headers.GetValues("Cache-Control").Single());
    }

    [Theory]
    [InlineData("_HLS_msn=6")]
    [InlineData("_HLS_msn=6&_HLS_part=0")]
    [InlineData("_HLS_msn=4&_HLS_part=3")]
    [InlineData("_HLS_msn=9223372036854775807&_HLS_part=2147483647")]
    [InlineData("_HLS_part=0")]
    [InlineData("_HLS_msn=x")]
    public async Task Too_far_ahead_or_malformed_is_400(string directives) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await _host.Get("/live/demo/index-v1.m3u8?" + directives)).Status);

    [Fact]
    public async Task Nothing_for_three_target_durations_is_503()
    {
        var waiting = _host.Get("/live/demo/index-v1.m3u8?_HLS_msn=4&_HLS_part=1");
        await _host.UntilHeld(1);
        await AdvanceUntil(waiting, TimeSpan.FromSeconds(6));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await waiting).Status);
    }

    [Fact]
    public async Task A_player_of_a_stream_whose_source_is_lost_gets_what_there_is_after_a_target_duration()
    {
        var waiting = _host.Client.GetAsync("/live/demo/index-v1.m3u8?_HLS_msn=6");   // 4 is complete with the loss
        await _host.UntilHeld(0);
        Assert.Equal(HttpStatusCode.BadRequest, (await waiting).StatusCode);

        _host.Signal("demo", StreamSignal.SourceLost);
        waiting = _host.Client.GetAsync("/live/demo/index-v1.m3u8?_HLS_msn=5&_HLS_part=0");
        await _host.UntilHeld(1);
        await AdvanceUntil(waiting, TimeSpan.FromSeconds(2));
        using var answer = await waiting;
        Assert.Equal((HttpStatusCode.OK, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.CacheControl!.MaxAge));
        Assert.False(Check(await answer.Content.ReadAsStringAsync()).Ended);
    }

    [Fact]
    public async Task The_end_of_the_stream_answers_all_who_wait()
    {
        var waiting = Text("_HLS_msn=5");
        await _host.UntilHeld(1);
        _host.Signal("demo", StreamSignal.OffAir);
        Assert.True(Check(await waiting).Ended);
    }

    [Fact]
    public async Task The_first_sound_behind_a_discontinuity_is_sent_after_its_pictures()
    {
        var lead = TimeSpan.FromMilliseconds(200);
        using var next = new SyntheticStream(_host.Media.Pool);
        _host.Publish("demo", next.Segment(next.Mark(5, discontinuities: 1, starts: true, epoch: 2)));
        var sound = _host.Client.GetByteArrayAsync("/live/demo/part-5-0-a1.m4s");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!_time.IsAwaited(lead))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.NotEmpty(await _host.Client.GetByteArrayAsync("/live/demo/part-5-0-v1.m4s"));
        Assert.False(sound.IsCompleted);
        _time.Advance(lead);
        Assert.NotEmpty(await sound);
        _host.Publish("demo", next.Segment(next.Mark(6, discontinuities: 1, epoch: 2)));
        Assert.NotEmpty(await _host.Client.GetByteArrayAsync("/live/demo/part-6-0-a1.m4s"));
    }

    [Fact]
    public async Task A_hinted_part_is_held_and_then_sent_whole_and_parts_make_their_segment()
    {
        var hinted = _host.Client.GetAsync("/live/demo/part-4-0-v1.m4s");
        await _host.UntilHeld(1);
        Send(26, 0);
        using var part = await hinted;
        Assert.Equal((HttpStatusCode.OK, "video/mp4"), (part.StatusCode, part.Content.Headers.ContentType!.MediaType));
        Assert.Equal("public, max-age=60, immutable", part.Headers.GetValues("Cache-Control").Single());

        Send(1, 1);
        byte[] parts = [.. await part.Content.ReadAsByteArrayAsync(), .. await _host.Client.GetByteArrayAsync("/live/demo/part-4-1-v1.m4s")];
        Assert.Equal(await _host.Client.GetByteArrayAsync("/live/demo/seg-4-v1.m4s"), parts);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Get("/live/demo/part-4-2-v1.m4s")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Get("/live/demo/part-9-0-v1.m4s")).Status);
    }

    [Fact]
    public async Task The_segment_that_is_being_cut_comes_part_by_part()
    {
        Send(26, 0);
        using var answer = await _host.Client.GetAsync("/live/demo/seg-4-v1.m4s", HttpCompletionOption.ResponseHeadersRead);
        Assert.Null(answer.Content.Headers.ContentLength);
        var body = answer.Content.ReadAsByteArrayAsync();
        await _host.UntilHeld(1);
        Send(1, 1);
        Assert.Equal(await _host.Client.GetByteArrayAsync("/live/demo/seg-4-v1.m4s"), await body);
    }

    [Fact]
    public async Task A_delta_update_and_what_was_known_are_the_whole_playlist()
    {
        for (var msn = 4; msn < 13; msn++)
        {
            _host.Publish("demo", _host.Media.Segment(_host.Media.Mark(msn)));
        }

        foreach (var rendition in (string[])["v1", "a1"])
        {
            var (whole, delta) = (Check(await Text("", rendition)), HlsRules.ParseMedia(System.Text.Encoding.UTF8.GetBytes(await Text("_HLS_skip=YES", rendition))));
            LowLatencyRules.Check(delta);
            LowLatencyRules.CheckDelta(whole, delta);
            Assert.True(delta.Skipped > 3);
            Assert.Equal(await Text("_HLS_skip=YES", rendition), await Text("_HLS_skip=v2", rendition));
        }
    }

    [Fact]
    public async Task More_waiting_requests_than_allowed_are_refused_and_counted()
    {
        var waiting = Enumerable.Range(0, 100).Select(_ => Text("_HLS_msn=4&_HLS_part=1")).ToArray();
        await _host.UntilHeld(100);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _host.Get("/live/demo/index-v1.m3u8?_HLS_msn=4&_HLS_part=1")).Status);
        var metrics = (await _host.Get("/metrics")).Text;
        Assert.Contains("tributary_gateway_waiting 100\n", metrics, StringComparison.Ordinal);
        Assert.Contains("tributary_gateway_waits_refused_total 1\n", metrics, StringComparison.Ordinal);
        Send(1, 1);
        Assert.Single((await Task.WhenAll(waiting)).Distinct());
    }

    [Fact]
    public async Task Another_gateway_with_the_frames_in_other_batches_writes_the_same_bytes()
    {
        await using var other = await GatewayHost.Start();
        other.GoLive("demo", 3);
        await other.Get("/live/demo/master.m3u8");
        Send(0, 2);
        for (var msn = 4; msn < 6; msn++)
        {
            other.Publish("demo", other.Media.Segment(other.Media.Mark(msn)));
        }

        var last = other.Media.Segment(other.Media.Mark(6)).ToLookup(frame => Index(frame) < 1);
        other.Publish("demo", last[true]);
        last[false].ToList().ForEach(frame => frame.Frame.Data.Release());
        Send(1, 2);
        foreach (var rendition in (string[])["v1", "a1"])
        {
            Assert.Equal((await other.Get($"/live/demo/index-{rendition}.m3u8")).Text, await Text("", rendition));
        }
    }

    // The server's wait may begin a moment after the request is counted: the clock goes on until the answer is there.
    async Task AdvanceUntil(Task answer, TimeSpan limit)
    {
        for (var passed = TimeSpan.Zero; passed < 3 * limit && !answer.IsCompleted; passed += limit / 4)
        {
            _time.Advance(limit / 4);
            await Task.WhenAny(answer, Task.Delay(200));
        }
    }
}
