using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;
using Tributary.Media.Timeline;

namespace Tributary.Unit.Publishing;

public sealed class StreamHubTest : IDisposable
{
    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f" };
    static readonly TrackInfo Audio = new() { Id = 101, Codec = Codec.Aac, Timescale = 48_000, SamplesPerFrame = 1024 };

    readonly FramePool _pool = new(4_096) { Poison = true };
    readonly FrameArena _arena;
    readonly FrameChannels _channels;
    readonly StreamHub _hub;
    readonly Recorder _seen = new();
    readonly StreamSubscriptionHandle<FrameBatch> _subscription;

    public StreamHubTest()
    {
        _arena = new FrameArena(_pool);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _channels = new FrameChannels(Options.Create(new FrameChannelOptions()), new FrameMetrics(meters), TimeProvider.System);
        var stream = new FrameStreamProvider(_channels).GetStream<FrameBatch>(FrameStreamHosting.FramesOf("demo"));
        _hub = new StreamHub(stream, new TimelineOptions(), new PublishOptions(), TimeProvider.System, new PublishMetrics(meters));
        _subscription = stream.SubscribeAsync(_seen).GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _hub.GoOffAir();
        _hub.Forget();
        _subscription.UnsubscribeAsync().GetAwaiter().GetResult();
        _channels.Close("demo");
        _arena.Dispose();
        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Fact]
    public void On_standby_nothing_is_published()
    {
        Publish(Video, 0, key: true);
        Publish(Audio, 5);

        Assert.Empty(_seen.Frames);
        Assert.Equal(2, _hub.Report(Request).Health.Frames);
    }

    [Fact]
    public void The_first_audio_waits_for_the_picture_that_leads()
    {
        _hub.GoOnAir(Lease(epoch: 1, firstMsn: 0));
        Publish(Audio, 0);
        Publish(Audio, 21);
        Publish(Video, 20, key: false);
        Publish(Video, 40, key: true);
        Publish(Audio, 43);

        Assert.Equal([Codec.H264, Codec.Aac], _seen.Frames.Select(frame => frame.Frame.Track.Codec));
        Assert.Equal(0, _seen.Frames[0].Frame.Pts);
    }

    [Fact]
    public void Audio_without_a_picture_leads_after_a_second_and_loses_nothing()
    {
        _hub.GoOnAir(Lease(epoch: 1, firstMsn: 0));
        for (var ms = 0; ms <= 1_050; ms += 21)
        {
            Publish(Audio, ms);
        }

        Assert.Equal(51, _seen.Frames.Count);
    }

    [Fact]
    public void A_lost_source_closes_its_segment_and_the_next_lease_goes_on()
    {
        _hub.GoOnAir(Lease(epoch: 1, firstMsn: 0));
        Publish(Video, 0, key: true);
        Publish(Video, 40);
        _hub.GoOffAir();

        Assert.Equal([StreamSignal.SourceLost], _seen.Signals);
        var report = _hub.Report(Request, final: true);
        Assert.Equal((1L, 1L, 2), (report.Epoch, report.NextMsn, report.TargetDuration));

        _hub.GoOnAir(Lease(epoch: 2, firstMsn: 1) with { StartsDiscontinuity = true, DiscontinuitySequence = 1 });
        Publish(Video, 80);
        Publish(Video, 120, key: true);
        Assert.Equal((1L, true), (_seen.Frames[^1].Segment.Msn, _seen.Frames[^1].Segment.StartsDiscontinuity));
    }

    [Fact]
    public void An_old_grant_that_comes_late_changes_nothing()
    {
        _hub.GoOnAir(Lease(epoch: 5, firstMsn: 10));
        _hub.GoOnAir(Lease(epoch: 4, firstMsn: 3));
        Publish(Video, 0, key: true);

        Assert.Equal((5L, 10L), (_seen.Frames[0].Segment.Epoch, _seen.Frames[0].Segment.Msn));
    }

    [Fact]
    public void A_renewed_lease_changes_the_epoch_of_later_segments_and_nothing_else()
    {
        _hub.GoOnAir(Lease(epoch: 1, firstMsn: 0));
        Publish(Video, 0, key: true);
        _hub.Renew(2, toldYielded: false);
        Publish(Video, 40);
        Publish(Video, 2_000, key: true);

        Assert.Equal([(0L, 1L), (0L, 1L), (1L, 2L)], _seen.Frames.Select(frame => (frame.Segment.Msn, frame.Segment.Epoch)));
        Assert.DoesNotContain(_seen.Frames, frame => frame.Segment.StartsDiscontinuity);
    }

    [Fact]
    public void A_new_segment_is_announced_once()
    {
        var begun = 0;
        _hub.HasNews = () => begun++;
        _hub.GoOnAir(Lease(epoch: 1, firstMsn: 0));
        for (var ms = 0; ms < 6_000; ms += 40)
        {
            Publish(Video, ms, key: ms % 2_000 == 0);
        }

        Assert.Equal(3, begun);
        Assert.Equal((3, 6_000 * 90), (_hub.Report(Request).NextMsn, _hub.Report(Request).End90k));
    }

    void Publish(TrackInfo track, long milliseconds, bool key = false)
    {
        var flags = key || track.Kind == TrackKind.Audio ? FrameFlags.Key : FrameFlags.None;
        _hub.Accept(new Frame(track, _arena.Allocate(50), milliseconds, 0, 0, flags), SourceClock.Rtmp);
    }

    static PublishRequest Request { get; } = new() { Session = Guid.NewGuid(), Slot = 0, Node = "n", FrameLink = "", Encoder = "test" };

    static StreamLease Lease(long epoch, long firstMsn) => new()
    {
        Epoch = epoch,
        Session = Request.Session,
        FirstMsn = firstMsn,
        DiscontinuitySequence = 0,
        StartsDiscontinuity = false,
        Start90k = 0,
        TargetDuration = 0,
        SegmentDuration = TimeSpan.FromSeconds(2),
        PartDuration = TimeSpan.FromMilliseconds(500),
    };

    sealed class Recorder : IAsyncObserver<FrameBatch>
    {
        public List<MarkedFrame> Frames { get; } = [];

        public List<StreamSignal> Signals { get; } = [];

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            Frames.AddRange(item.Frames.ToArray());
            if (item.Signal != StreamSignal.None)
            {
                Signals.Add(item.Signal);
            }

            return Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}
