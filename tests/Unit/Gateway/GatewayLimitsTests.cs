using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Gateway.Live;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Gateway;

public sealed class GatewayLimitsTests
{
    [Fact]
    public async Task A_publisher_without_a_key_frame_is_said_so_after_a_bounded_wait()
    {
        await using var host = await GatewayHost.Start(("Gateway:Hls:FirstSegmentWait", "00:00:00.05"));
        host.Cluster.Stream("demo").State = StreamState.Live;
        var (status, text) = await host.Get("/live/demo/master.m3u8");
        Assert.Equal((HttpStatusCode.NotFound, "Stream 'demo' has a publisher, but no key frame came from it yet.\n"), (status, text));

        host.Publish("demo", host.Media.Segment(host.Media.Mark(0)));
        Assert.Contains("first segment is not complete", (await host.Get("/live/demo/master.m3u8")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_streams_than_allowed_are_refused_and_counted()
    {
        await using var host = await GatewayHost.Start(("Gateway:Hls:MaxWindows", "1"));
        host.GoLive("demo", 2);
        host.GoLive("other", 2);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/master.m3u8")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Get("/live/other/master.m3u8")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/master.m3u8")).Status);
        Assert.Contains("tributary_gateway_windows_refused_total 1\n", (await host.Get("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_503_and_followed_streams_go_on()
    {
        await using var host = await GatewayHost.Start(("Gateway:AnswerTimeout", "00:00:00.05"), ("Gateway:StateAge", "00:00:00"));
        host.GoLive("demo", 2);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/master.m3u8")).Status);
        host.Cluster.Stream("demo").Trouble = host.Cluster.Stream("other").Trouble = () => new TaskCompletionSource().Task;

        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/index-v1.m3u8")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Get("/live/other/master.m3u8")).Status);
        var (status, text) = await host.Get("/api/v1/streams/other");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("\"title\":\"Unavailable\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_followed_stream_is_registered_anew_while_it_is_watched_and_let_go_after()
    {
        var time = new ManualTime();
        await using var host = await GatewayHost.Start(time);
        var windows = host.Services.GetRequiredService<LiveWindows>();
        host.GoLive("demo", 2);
        await host.Get("/live/demo/master.m3u8");

        time.Advance(TimeSpan.FromSeconds(40));
        await host.Get("/live/demo/index-v1.m3u8");
        time.Advance(TimeSpan.FromSeconds(21));
        await windows.Tend();
        var watchers = host.Cluster.Stream("demo").Watchers;   // how often depends on how long the stream had no frame
        Assert.True(watchers.Count > 1);
        Assert.All(watchers, watcher => Assert.Equal("gateway-1", watcher));
        Assert.Equal(1, host.Cluster.Stream("demo").Viewers);

        time.Advance(TimeSpan.FromSeconds(61));
        await windows.Tend();
        Assert.Equal(0, windows.Count);
        Assert.Equal(0, host.Services.GetRequiredService<FrameChannels>().Open("demo").Subscribers);
        Assert.Equal(HttpStatusCode.OK, (await host.Get("/live/demo/master.m3u8")).Status);
    }

    [Fact]
    public async Task A_source_at_another_node_that_sends_nothing_is_asked_about_once_until_it_sends_again()
    {
        var time = new ManualTime();
        await using var host = await GatewayHost.Start(time, ("Gateway:Hls:DoubtAfter", "00:00:01"));
        var (windows, stream) = (host.Services.GetRequiredService<LiveWindows>(), host.Cluster.Stream("demo"));
        stream.Node = "ingest-1";
        host.GoLive("demo", 2);
        await host.Get("/live/demo/master.m3u8");

        time.Advance(TimeSpan.FromSeconds(0.9));
        await windows.DoubtTheSilent();
        Assert.False(stream.Doubted.Reader.TryPeek(out _));
        time.Advance(TimeSpan.FromSeconds(0.1));
        await windows.DoubtTheSilent();
        Assert.Equal("ingest-1", await stream.Doubted.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));

        time.Advance(TimeSpan.FromSeconds(5));
        await windows.DoubtTheSilent();
        Assert.False(stream.Doubted.Reader.TryPeek(out _));
        host.Publish("demo", host.Media.Segment(host.Media.Mark(3)));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!stream.Doubted.Reader.TryRead(out _))
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(0.25));
            await windows.DoubtTheSilent();
            await Task.Yield();
        }
    }
}
