using System.Net;
using System.Net.Http.Headers;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Unit.Packaging;

namespace Tributary.Unit.Gateway;

public sealed class HlsEndpointTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.Start();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Everything_that_a_master_playlist_leads_to_is_there()
    {
        _host.GoLive("demo", 3);
        foreach (var folder in (string[])["/live/demo/", "/live/demo/ts/"])
        {
            var master = await _host.Client.GetByteArrayAsync(folder + "master.m3u8");
            foreach (var variant in HlsRules.CheckMaster(master))
            {
                var playlist = HlsRules.CheckMedia(await _host.Client.GetByteArrayAsync(folder + variant.Uri));
                foreach (var uri in playlist.Segments.SelectMany(segment => new[] { segment.Uri, segment.Map }).OfType<string>().Distinct())
                {
                    Assert.NotEmpty(await _host.Client.GetByteArrayAsync(folder + uri));
                }
            }
        }

        Assert.Equal(await _host.Client.GetStringAsync("/live/demo/master.m3u8"), await _host.Client.GetStringAsync("/live/demo/index.m3u8"));
    }

    [Theory]
    [InlineData("/live/demo/master.m3u8", "application/vnd.apple.mpegurl", "public, max-age=1")]
    [InlineData("/live/demo/seg-1-v1.m4s", "video/mp4", "public, max-age=60, immutable")]
    [InlineData("/live/demo/seg-1-a1.m4s", "audio/mp4", "public, max-age=60, immutable")]
    [InlineData("/live/demo/ts/seg-1-v1-a1.ts", "video/mp2t", "public, max-age=60, immutable")]
    public async Task Types_lifetimes_and_cross_origin_headers_are_right_for_get_and_head(string path, string type, string cache)
    {
        _host.GoLive("demo", 3);
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using var response = await _host.Client.SendAsync(new HttpRequestMessage(method, path));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
            Assert.Equal(cache, response.Headers.GetValues("Cache-Control").Single());
            Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
            var body = await response.Content.ReadAsByteArrayAsync();
            Assert.Equal(method == HttpMethod.Head ? 0 : response.Content.Headers.ContentLength, body.Length);
            Assert.True(response.Content.Headers.ContentLength > 0);
        }
    }

    [Theory]
    [InlineData("bytes=0-9", 206, "bytes 0-9/{0}", 10)]
    [InlineData("bytes=5-", 206, "bytes 5-{1}/{0}", -5)]
    [InlineData("bytes=-7", 206, "bytes {2}-{1}/{0}", 7)]
    [InlineData("bytes=100000000-", 416, "bytes */{0}", 0)]
    [InlineData("bytes=0-1,3-4", 200, null, null)]
    [InlineData("lines=0-1", 200, null, null)]
    public async Task A_range_of_a_segment_is_that_part_of_it(string range, int status, string? contentRange, int? length)
    {
        _host.GoLive("demo", 3);
        var whole = await _host.Client.GetByteArrayAsync("/live/demo/seg-1-v1.m4s");
        var request = new HttpRequestMessage(HttpMethod.Get, "/live/demo/seg-1-v1.m4s");
        request.Headers.TryAddWithoutValidation("Range", range);
        using var response = await _host.Client.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(contentRange is null ? null : string.Format(null, contentRange, whole.Length, whole.Length - 1, whole.Length - 7),
            response.Content.Headers.ContentRange?.ToString());
        Assert.Equal(length switch { null => whole.Length, < 0 => whole.Length + length, _ => length }, body.Length);
        if (status == 206)
        {
            Assert.Equal(whole.AsSpan((int)response.Content.Headers.ContentRange!.From!.Value, body.Length).ToArray(), body);
        }
    }

    [Fact]
    public async Task A_playlist_comes_compressed_and_only_when_it_changed()
    {
        _host.GoLive("demo", 3);
        var request = new HttpRequestMessage(HttpMethod.Get, "/live/demo/index-v1.m3u8");
        request.Headers.AcceptEncoding.ParseAdd("gzip, br;q=0.1");
        using var first = await _host.Client.SendAsync(request);
        Assert.Equal(["gzip"], first.Content.Headers.ContentEncoding);
        Assert.Equal(["Accept-Encoding"], first.Headers.Vary);

        var again = new HttpRequestMessage(HttpMethod.Get, "/live/demo/index-v1.m3u8");
        again.Headers.AcceptEncoding.ParseAdd("gzip");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await _host.Client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);

        var refused = new HttpRequestMessage(HttpMethod.Get, "/live/demo/index-v1.m3u8");
        refused.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip", 0));
        using var plain = await _host.Client.SendAsync(refused);
        Assert.Empty(plain.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task Numbers_ahead_are_missing_for_a_second_and_numbers_behind_are_gone()
    {
        _host.GoLive("demo", 2);
        Assert.Equal(HttpStatusCode.OK, (await _host.Get("/live/demo/index-v1.m3u8")).Status);   // from here on the window follows
        for (var msn = 3L; msn < 60; msn++)
        {
            _host.Publish("demo", _host.Media.Segment(_host.Media.Mark(msn)));
        }

        using var ahead = await _host.Client.GetAsync("/live/demo/seg-60-v1.m4s");
        Assert.Equal((HttpStatusCode.NotFound, TimeSpan.FromSeconds(1)), (ahead.StatusCode, ahead.Headers.CacheControl!.MaxAge));
        using var behind = await _host.Client.GetAsync("/live/demo/seg-2-v1.m4s");
        Assert.Equal(HttpStatusCode.Gone, behind.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _host.Get("/live/demo/seg-40-v1.m4s")).Status);
    }

    [Theory]
    [InlineData("/live/demo/nothing.m3u8")]
    [InlineData("/live/demo/index-v2.m3u8")]
    [InlineData("/live/demo/seg-1-a2.m4s")]
    [InlineData("/live/demo/init-v1-0000000000000000.mp4")]
    [InlineData("/live/de%20mo/master.m3u8")]
    [InlineData("/live/..%2fdemo/master.m3u8")]
    [InlineData("/live/.demo/master.m3u8")]
    [InlineData("/live/demo/..%2f..%2fetc%2fpasswd")]
    public async Task What_does_not_exist_is_404_with_a_sentence(string path)
    {
        _host.GoLive("demo", 3);
        var (status, text) = await _host.Get(path);
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.EndsWith(".\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preflight_is_answered_without_looking_at_the_stream()
    {
        using var response = await _host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/live/demo/master.m3u8"));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Contains("Range", response.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        Assert.Equal(0, _host.Cluster.Known);
    }

    [Fact]
    public async Task A_stream_that_is_not_on_air_leaves_nothing_behind()
    {
        for (var index = 0; index < 20; index++)
        {
            var (status, text) = await _host.Get($"/live/scan-{index}/master.m3u8");
            Assert.Equal((HttpStatusCode.NotFound, $"Stream 'scan-{index}' is not on air.\n"), (status, text));
        }

        Assert.Empty(_host.Cluster.Stream("scan-0").Watchers);
        Assert.Contains("tributary_gateway_windows 0\n", (await _host.Get("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Viewers_share_one_window_and_the_grain_is_asked_once()
    {
        _host.GoLive("demo", 3);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _host.Client.GetByteArrayAsync("/live/demo/master.m3u8")));
        Assert.Equal(1, _host.Cluster.Stream("demo").Questions);
        Assert.Equal(["gateway-1"], _host.Cluster.Stream("demo").Watchers);
    }

    [Fact]
    public async Task A_playlist_waits_for_the_first_segment()
    {
        _host.Cluster.Stream("demo").State = StreamState.Live;
        var waiting = _host.Client.GetByteArrayAsync("/live/demo/master.m3u8");
        _host.Publish("demo", _host.Media.Segment(_host.Media.Mark(0)));
        Assert.False(waiting.IsCompleted);
        _host.Publish("demo", _host.Media.Segment(_host.Media.Mark(1)));
        HlsRules.CheckMaster(await waiting.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_lost_source_keeps_the_playlist_and_the_end_of_the_stream_ends_it()
    {
        _host.GoLive("demo", 3);
        await _host.Get("/live/demo/master.m3u8");
        _host.Signal("demo", StreamSignal.SourceLost);
        var held = HlsRules.CheckMedia(await _host.Client.GetByteArrayAsync("/live/demo/index-v1.m3u8"));
        Assert.Equal((3, false), (held.Segments[^1].Msn, held.Ended));

        _host.Publish("demo", _host.Media.Segment(_host.Media.Mark(4, 1, starts: true, epoch: 2)));
        _host.Publish("demo", _host.Media.Segment(_host.Media.Mark(5, 1, epoch: 2)));
        var back = HlsRules.CheckMedia(await _host.Client.GetByteArrayAsync("/live/demo/index-v1.m3u8"));
        HlsRules.CheckReload(held, back);
        Assert.Equal(1, back.Segments.Sum(segment => segment.Discontinuities));

        _host.Signal("demo", StreamSignal.OffAir);
        Assert.True(HlsRules.CheckMedia(await _host.Client.GetByteArrayAsync("/live/demo/index-v1.m3u8")).Ended);
    }
}
