using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Media.Frames;

namespace Tributary.Unit.Frames;

public sealed class FrameChannelTest : IDisposable
{
    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000 };

    readonly FramePool _pool = new(4_096) { Poison = true };
    readonly FrameArena _arena;
    readonly FrameChannels _channels;
    readonly IAsyncStream<FrameBatch> _stream;
    readonly FrameChannelOptions _options = new() { Window = TimeSpan.FromSeconds(4) };

    public FrameChannelTest()
    {
        _arena = new FrameArena(_pool);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _channels = new FrameChannels(Options.Create(_options), new FrameMetrics(meters), TimeProvider.System);
        _stream = new FrameStreamProvider(_channels).GetStream<FrameBatch>(FrameStreamHosting.FramesOf("demo"));
    }

    public void Dispose()
    {
        _channels.Close("demo");
        _arena.Dispose();
        Assert.Equal(0, _pool.SlabsInUse);   // the leak ledger of every test here
    }

    [Fact]
    public async Task A_late_subscriber_catches_up_from_the_window_and_follows_without_a_hole()
    {
        Publish(0, 10);
        var reader = new Reader();
        var subscription = await _stream.SubscribeAsync(reader);
        Publish(10, 5);

        Assert.Equal(Enumerable.Range(0, 15), reader.Seen);
        await subscription.UnsubscribeAsync();
        Publish(15, 1);
        Assert.Equal(15, reader.Seen.Count);
    }

    [Fact]
    public async Task Catch_up_begins_at_the_asked_segment()
    {
        Publish(0, 10);
        var reader = new Reader();
        await (await _stream.SubscribeAsync(reader, new FrameSequenceToken(1))).UnsubscribeAsync();

        Assert.Equal(Enumerable.Range(5, 5), reader.Seen);
    }

    [Fact]
    public async Task What_left_the_window_goes_by_whole_segments()
    {
        Publish(0, 30);   // segments of five frames and one second: six segments
        var reader = new Reader();
        await (await _stream.SubscribeAsync(reader)).UnsubscribeAsync();

        Assert.Equal(Enumerable.Range(5, 25), reader.Seen);
        Assert.True(_channels.TryGet("demo", out var channel));
        Assert.Equal((25, 25 * 100L), channel!.Kept);
    }

    [Fact]
    public async Task Over_its_limit_of_bytes_the_oldest_segments_go_early()
    {
        _options.MaxBytes = 1_200;
        Publish(0, 15);
        var reader = new Reader();
        await (await _stream.SubscribeAsync(reader)).UnsubscribeAsync();

        Assert.Equal(Enumerable.Range(5, 10), reader.Seen);
    }

    [Fact]
    public async Task A_slow_subscriber_is_left_out_and_goes_on_at_a_key_frame_while_others_get_all()
    {
        var slow = new Reader();
        var quick = new Reader();
        var subscriptions = new[] { await _stream.SubscribeAsync(slow), await _stream.SubscribeAsync(quick) };
        slow.Busy = new TaskCompletionSource();
        Publish(0, 7);
        slow.Busy.SetResult();
        slow.Busy = null;
        Publish(7, 8);

        Assert.Equal(Enumerable.Range(0, 15), quick.Seen);
        Assert.Equal([0, 10, 11, 12, 13, 14], slow.Seen);
        await Task.WhenAll(subscriptions.Select(subscription => subscription.UnsubscribeAsync()));
    }

    [Fact]
    public async Task A_subscriber_that_throws_harms_nobody_else()
    {
        var bad = new Reader { Throws = true };
        var good = new Reader();
        var subscriptions = new[] { await _stream.SubscribeAsync(bad), await _stream.SubscribeAsync(good) };
        Publish(0, 3);

        Assert.Equal(3, good.Seen.Count);
        Assert.Equal(3, bad.Errors);
        await Task.WhenAll(subscriptions.Select(subscription => subscription.UnsubscribeAsync()));
    }

    [Fact]
    public async Task A_signal_comes_in_order_and_to_those_who_join_after_it()
    {
        var early = new Reader();
        var first = await _stream.SubscribeAsync(early);
        Publish(0, 2);
        await _stream.OnNextAsync(new FrameBatch(default, StreamSignal.SourceLost));
        var late = new Reader();
        var second = await _stream.SubscribeAsync(late);

        Assert.Equal([StreamSignal.SourceLost], early.Signals);
        Assert.Equal([StreamSignal.SourceLost], late.Signals);
        Publish(2, 1);
        var afterwards = new Reader();
        await (await _stream.SubscribeAsync(afterwards)).UnsubscribeAsync();
        Assert.Empty(afterwards.Signals);
        await first.UnsubscribeAsync();
        await second.UnsubscribeAsync();
    }

    [Fact]
    public async Task Who_joins_late_gets_nothing_of_a_number_that_was_begun_anew()
    {
        Publish(0, 8, epoch: 1);       // the segments 0 and 1, the second cut short
        Publish(5, 5, epoch: 2);       // 1 anew
        var reader = new Reader();
        await (await _stream.SubscribeAsync(reader)).UnsubscribeAsync();
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], reader.Seen);

        Publish(30, 2, epoch: 3);      // far on: what lies before the hole is gone
        var later = new Reader();
        await (await _stream.SubscribeAsync(later)).UnsubscribeAsync();
        Assert.Equal([30, 31], later.Seen);
    }

    [Fact]
    public async Task A_source_that_was_replaced_is_not_heard_any_more()
    {
        var reader = new Reader();
        var subscription = await _stream.SubscribeAsync(reader);
        Publish(0, 8, epoch: 1);
        Publish(10, 2, epoch: 2);
        Publish(12, 1, epoch: 1);    // the old source still marks
        Publish(9, 1, epoch: 1);     // a late frame of its last segment
        await _stream.OnNextAsync(new FrameBatch(default, StreamSignal.SourceLost, Epoch: 1));
        Publish(13, 1, epoch: 2);

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 9, 13], reader.Seen);
        Assert.Empty(reader.Signals);
        await _stream.OnNextAsync(new FrameBatch(default, StreamSignal.SourceLost, Epoch: 2));
        Assert.Equal([StreamSignal.SourceLost], reader.Signals);
        await subscription.UnsubscribeAsync();
    }

    [Fact]
    public async Task A_stream_that_was_given_up_begins_anew_when_it_is_published_again()
    {
        Publish(0, 5);
        _channels.Close("demo");
        Assert.Equal((0, 0), (_channels.Count, _pool.SlabsInUse - 1));

        var reader = new Reader();
        var subscription = await _stream.SubscribeAsync(reader);
        Publish(5, 2);
        Assert.Equal([5, 6], reader.Seen);
        await subscription.UnsubscribeAsync();
    }

    [Fact]
    public void Streams_are_bounded()
    {
        _options.MaxStreams = 2;
        _channels.Open("a");
        _channels.Open("b");

        Assert.Contains("Frames:MaxStreams", Assert.Throws<InvalidOperationException>(() => _channels.Open("c")).Message);
    }

    void Publish(int first, int count, long epoch = 1)
    {
        for (var n = first; n < first + count; n++)
        {
            var data = _arena.Allocate(100);
            data.Writable[0] = (byte)n;
            var mark = new SegmentMark
            {
                Msn = n / 5,
                Epoch = epoch,
                DiscontinuitySequence = 0,
                StartsDiscontinuity = false,
                Start90k = n / 5 * 90_000L,
                ProgramDateTime = DateTimeOffset.UnixEpoch,
                Independent = true,
                TargetDuration = 1,
            };
            var frame = new Frame(Video, data, n * 18_000L, 0, 0, n % 5 == 0 ? FrameFlags.Key : FrameFlags.None);
            _ = _stream.OnNextAsync(new FrameBatch(new[] { new MarkedFrame(frame, mark, 0) }));
            data.Release();
        }
    }

    sealed class Reader : IAsyncObserver<FrameBatch>
    {
        public List<int> Seen { get; } = [];

        public List<StreamSignal> Signals { get; } = [];

        public int Errors { get; private set; }

        public bool Throws { get; init; }

        public TaskCompletionSource? Busy { get; set; }

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            if (Throws)
            {
                throw new InvalidOperationException("a broken subscriber");
            }

            Seen.AddRange(item.Frames.ToArray().Select(frame => (int)frame.Frame.Data.Span[0]));
            if (item.Signal != StreamSignal.None)
            {
                Signals.Add(item.Signal);
            }

            return Busy?.Task ?? Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex)
        {
            Errors++;
            return Task.CompletedTask;
        }
    }
}
