using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;
using Tributary.Media.Timeline;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Publishing;

/// <summary>What an encoder says goes with its pictures, at its time; and so do the sync points that were asked for.</summary>
public sealed class TimedMetadataTest : IDisposable
{
    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f" };
    static readonly TrackInfo Audio = new() { Id = 101, Codec = Codec.Aac, Timescale = 48_000, SamplesPerFrame = 1_024 };

    readonly ManualTime _time = new();
    readonly FrameArena _arena = new(new FramePool(4_096) { Poison = true });
    readonly FrameChannels _channels;
    readonly StreamHub _hub;
    readonly Carried _carried = new();
    long _sentMs;

    public TimedMetadataTest()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _channels = new FrameChannels(Options.Create(new FrameChannelOptions()), new FrameMetrics(meters), _time);
        var stream = new FrameStreamProvider(_channels).GetStream<FrameBatch>(FrameStreamHosting.FramesOf("demo"));
        _hub = new StreamHub(stream, new TimelineOptions(), new PublishOptions { MaxDataMessages = 5 }, _time, new PublishMetrics(meters)) { Name = "0_abcdefgh_1" };
        stream.SubscribeAsync(_carried).GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _hub.GoOffAir();
        _channels.Close("demo");
        _arena.Dispose();
    }

    [Fact]
    public void A_text_goes_with_the_next_picture_and_is_meant_for_its_own_time()
    {
        GoOnAir();
        Send(seconds: 1);
        _hub.Accept("""{"a":1}""", 990);
        _hub.Accept("""{"b":2}""", 1_010);
        Send(seconds: 1);

        Assert.Equal([("""{"a":1}""", 89_100L, 90_000L), ("""{"b":2}""", 90_900L, 90_000L)], _carried.Texts);
        Assert.All(_carried.By, kind => Assert.Equal(TrackKind.Video, kind));
    }

    [Theory]
    [InlineData(100_000_000)]
    [InlineData(12_000)]
    public void A_text_with_another_clock_is_meant_for_the_picture_that_carries_it(long timestamp)
    {
        GoOnAir();
        Send(seconds: 1);
        _hub.Accept("{}", timestamp);
        Send(seconds: 1);

        Assert.Equal([("{}", 90_000L, 90_000L)], _carried.Texts);
    }

    [Fact]
    public void A_clock_that_wraps_between_a_text_and_its_picture_is_seen_through()
    {
        _sentMs = uint.MaxValue - 999;   // a second before the wrap
        GoOnAir();
        Send(seconds: 1);
        _hub.Accept("{}", uint.MaxValue - 19);
        Send(seconds: 1);

        Assert.Equal([("{}", 90_000L - 1_800, 90_000L)], _carried.Texts);
    }

    [Fact]
    public void Sound_carries_texts_where_there_is_no_picture()
    {
        GoOnAir();
        Send(seconds: 2, pictures: false);
        _hub.Accept("{}", 2_000);
        Send(seconds: 1, pictures: false);

        Assert.Equal("{}", Assert.Single(_carried.Texts).Text);
        Assert.Equal([TrackKind.Audio], _carried.By);
    }

    [Fact]
    public void What_was_said_on_standby_is_there_when_the_source_goes_on_air()
    {
        Send(seconds: 1);
        _hub.Accept("{}", 1_000);
        Send(seconds: 1);
        Assert.Empty(_carried.Texts);

        _hub.GoOnAir(Lease(start90k: 0) with { Offset90k = 0, ResumeTime = At(0) });
        Assert.Equal([("{}", 90_000L, 90_000L)], _carried.Texts);
    }

    [Fact]
    public void More_than_the_limit_in_a_second_is_dropped()
    {
        GoOnAir();
        Send(seconds: 1);
        for (var n = 0; n < 9; n++)
        {
            _hub.Accept($"{n}", 1_000);
        }

        Send(seconds: 1);
        _hub.Accept("later", 2_000);
        Send(seconds: 1);
        Assert.Equal(["0", "1", "2", "3", "4", "later"], _carried.Texts.Select(said => said.Text));
    }

    [Fact]
    public void Sync_points_come_in_the_interval_that_was_asked_for_until_the_end_of_the_order()
    {
        GoOnAir();
        Send(seconds: 3);
        _hub.Emit(new SyncPointOrder(TimeSpan.FromSeconds(4), At(13)));
        Send(seconds: 20);

        var points = _carried.Texts.Select(said => JsonNode.Parse(said.Text)!.AsObject()).ToArray();
        Assert.Equal([3_000L, 7_000, 11_000], points.Select(point => (long)point["offset"]!));
        Assert.Equal(points.Select(point => At(0).ToUnixTimeMilliseconds() + (long)point["offset"]!), points.Select(point => (long)point["timestamp"]!));
        Assert.Equal([270_000L, 630_000, 990_000], _carried.Texts.Select(said => said.At90k));
        Assert.All(points, point => Assert.Equal(("KalturaSyncPoint", $"0_abcdefgh_1_{point["timestamp"]}"), ((string)point["objectType"]!, (string)point["id"]!)));
        Assert.All(_carried.By, kind => Assert.Equal(TrackKind.Video, kind));
    }

    [Fact]
    public void The_same_order_again_adds_no_points_and_another_replaces_it()
    {
        GoOnAir();
        _hub.Emit(new SyncPointOrder(TimeSpan.FromSeconds(4), At(60)));
        Send(seconds: 1);
        _hub.Emit(new SyncPointOrder(TimeSpan.FromSeconds(4), At(60)));
        _hub.Emit(null);
        Send(seconds: 1);
        Assert.Single(_carried.Texts);

        _hub.Emit(new SyncPointOrder(TimeSpan.FromSeconds(1), At(60)));
        Send(seconds: 2);
        Assert.Equal(3, _carried.Texts.Count);
    }

    static DateTimeOffset At(double seconds) => DateTimeOffset.UnixEpoch.AddSeconds(seconds);

    void GoOnAir() => _hub.GoOnAir(Lease(start90k: 0));

    void Send(int seconds, bool pictures = true)
    {
        for (var end = _sentMs + seconds * 1_000; _sentMs < end; _sentMs += 40)
        {
            if (pictures)
            {
                Publish(Video, key: _sentMs % 1_000 == 0 || _carried.Frames == 0);
            }

            Publish(Audio, key: true);
            _time.Advance(TimeSpan.FromMilliseconds(40));
        }
    }

    void Publish(TrackInfo track, bool key) =>
        _hub.Accept(new Frame(track, _arena.Allocate(50), _sentMs & uint.MaxValue, 0, 0, key ? FrameFlags.Key : 0), SourceClock.Rtmp);

    static StreamLease Lease(long start90k) => new()
    {
        Epoch = 7, Session = Guid.NewGuid(), FirstMsn = 0, DiscontinuitySequence = 0, StartsDiscontinuity = false, Start90k = start90k, TargetDuration = 2,
        SegmentDuration = TimeSpan.FromSeconds(2), PartDuration = TimeSpan.FromMilliseconds(500),
    };

    sealed class Carried : IAsyncObserver<FrameBatch>
    {
        public int Frames { get; private set; }

        /// <summary>Each text, when it is meant, and when its frame is decoded.</summary>
        public List<(string Text, long At90k, long Frame90k)> Texts { get; } = [];

        public List<TrackKind> By { get; } = [];

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            Frames += item.Frames.Length;
            foreach (var (frame, _, _) in item.Frames.ToArray().Where(marked => marked.Frame.Metadata is not null))
            {
                Texts.AddRange(frame.Metadata!.Select(said => (said.Text, frame.Dts90k + said.Offset90k, frame.Dts90k)));
                By.Add(frame.Track.Kind);
            }

            return Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}
