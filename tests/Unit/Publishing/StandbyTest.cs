using System.Diagnostics.Metrics;
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

/// <summary>A source that waits, goes on where another ended, gives way, and notices its own faults; on a clock of its own.</summary>
public sealed class StandbyTest : IDisposable
{
    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f" };
    static readonly TrackInfo Audio = new() { Id = 101, Codec = Codec.Aac, Timescale = 48_000, SamplesPerFrame = 1_024 };

    readonly ManualTime _time = new();
    readonly FramePool _pool = new(4_096) { Poison = true };
    readonly FrameArena _arena;
    readonly FrameChannels _channels;
    readonly StreamHub _hub;
    readonly Recorder _seen = new();
    readonly StreamSubscriptionHandle<FrameBatch> _subscription;
    long _sentMs;
    long _soundMs;

    public StandbyTest()
    {
        _arena = new FrameArena(_pool);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _channels = new FrameChannels(Options.Create(new FrameChannelOptions()), new FrameMetrics(meters), _time);
        var stream = new FrameStreamProvider(_channels).GetStream<FrameBatch>(FrameStreamHosting.FramesOf("demo"));
        _hub = new StreamHub(stream, new TimelineOptions(), new PublishOptions(), _time, new PublishMetrics(meters));
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
    public void An_aligned_source_goes_on_with_the_very_picture_that_the_lost_segment_began_with()
    {
        Send(seconds: 7);

        // The stream's timeline is 1,000,000 ticks ahead of ours, and the lost segment 5 began with our picture at 4 s.
        _hub.GoOnAir(Lease(firstMsn: 5, start90k: 1_000_000 + 360_000) with { Offset90k = 1_000_000, ResumeTime = At(4) });

        Assert.Equal((5L, 1_360_000L, false), (_seen.First.Segment.Msn, _seen.First.Segment.Start90k, _seen.First.Segment.StartsDiscontinuity));
        Assert.Equal((1_360_000L, At(4)), (_seen.First.Frame.Pts90k, _seen.First.Segment.ProgramDateTime));
        Assert.Equal([5L, 6L], _seen.Msns);   // 4 to 6 s is complete already, and the next has begun
        Assert.All(_seen.Sound(5), frame => Assert.InRange(frame.Frame.Pts90k, 1_360_000 - 90, 1_360_000 + 180_000));
        Assert.InRange(_seen.Sound(5).Count(), 92, 95);
    }

    [Fact]
    public void A_source_of_another_clock_begins_with_the_picture_that_came_when_the_lost_segment_began()
    {
        Send(seconds: 7);
        _hub.GoOnAir(Lease(firstMsn: 5, start90k: 9_000_000) with { StartsDiscontinuity = true, DiscontinuitySequence = 1, ResumeTime = At(4.3) });

        Assert.Equal((9_000_000L, At(4)), (_seen.First.Frame.Pts90k, _seen.First.Segment.ProgramDateTime));
        Assert.True(_seen.First.Segment.StartsDiscontinuity);
    }

    // Its stream could not begin before: nobody could note that it does.
    [Fact]
    public void An_encoder_that_waited_for_a_new_stream_begins_with_its_last_key_frame()
    {
        Send(seconds: 7);
        _hub.GoOnAir(Lease(firstMsn: 0, start90k: 900_000));
        Assert.Equal((900_000L, At(6)), (_seen.First.Frame.Pts90k, _seen.First.Segment.ProgramDateTime));

        Send(seconds: 2);
        Assert.Equal([0L, 1L], _seen.Msns);   // 6 to 8 s is complete, and the next has begun
    }

    [Fact]
    public void A_source_that_lags_waits_for_the_picture_that_is_due()
    {
        Send(seconds: 3);
        _hub.GoOnAir(Lease(firstMsn: 5, start90k: 360_000) with { Offset90k = 0, ResumeTime = At(4) });
        Assert.Empty(_seen.Frames);

        Send(seconds: 2);
        Assert.Equal(360_000, _seen.First.Frame.Pts90k);
    }

    [Fact]
    public void What_is_kept_is_bounded_and_begins_with_a_key_frame()
    {
        Send(seconds: 60);

        var kept = _hub.Report(Request).Place.Kept90k!.Value;
        Assert.Equal(0, kept % 90_000);
        Assert.InRange(kept, 43 * 90_000, 45 * 90_000);   // of 60 s the last 15, and the group of pictures in which they begin
    }

    [Fact]
    public void A_lease_that_is_yielded_ends_with_its_segment_and_the_source_stands_by_from_there()
    {
        _hub.GoOnAir(Lease(firstMsn: 0, start90k: 0));
        Send(seconds: 3);
        _hub.Yield(epoch: 7);
        Assert.False(_hub.Report(Request).Yielded);
        Send(seconds: 2);

        Assert.Equal([0L, 1L], _seen.Msns);
        Assert.Equal([StreamSignal.SourceChanged], _seen.Signals);
        var report = _hub.Report(Request);
        Assert.Equal((true, 7L, 2L, 2L, 360_000L), (report.Yielded, report.Epoch, report.OpenMsn, report.NextMsn, report.Open90k));
        Assert.Equal(At(4), report.OpenTime);
        Assert.Equal(360_000, report.Place.Kept90k);
        Assert.InRange(_seen.Sound(1).Max(frame => frame.Frame.Pts90k), 358_000, 360_000);   // its last sound came after the picture of the next

        // An answer to what was said before changes nothing: the grain may not know yet.
        _hub.Renew(7, toldYielded: false);
        Assert.True(_hub.Report(Request).Yielded);

        // The grain knows; and the next lease goes on without a hole.
        _hub.Renew(8, toldYielded: true);
        Assert.Equal(0, _hub.Report(Request).Epoch);
        _hub.GoOnAir(Lease(firstMsn: 2, start90k: 360_000, epoch: 9) with { Offset90k = 0, ResumeTime = At(4) });
        Assert.Equal(360_000, _seen.Frames.First(frame => frame.Segment.Msn == 2).Frame.Pts90k);
    }

    [Fact]
    public void A_source_is_silent_after_a_second_and_well_again_with_its_next_frames()
    {
        Send(seconds: 3);
        Assert.Equal(SourceFault.None, _hub.Fault);
        _time.Advance(_hub.UntilSilent);
        Assert.Equal(SourceFault.Silent, _hub.Fault);
        Assert.Equal(TimeSpan.Zero, _hub.UntilSilent);

        Send(seconds: 1);
        Assert.Equal(SourceFault.None, _hub.Fault);
    }

    [Fact]
    public void Sound_without_pictures_is_a_stall_unless_there_never_was_a_picture()
    {
        Send(seconds: 3);
        Send(seconds: 3, pictures: false);
        Assert.Equal(SourceFault.Stalled, _hub.Fault);
    }

    [Fact]
    public void Sound_alone_is_well()
    {
        Send(seconds: 6, pictures: false);
        Assert.Equal(SourceFault.None, _hub.Fault);
    }

    [Fact]
    public void Pictures_whose_time_stands_still_are_a_stall()
    {
        Send(seconds: 3);
        for (var frame = 0; frame < 150; frame++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(40));
            Publish(Video, _sentMs, key: frame % 25 == 0);
        }

        Assert.Equal(SourceFault.Stalled, _hub.Fault);
    }

    static DateTimeOffset At(double seconds) => DateTimeOffset.UnixEpoch.AddSeconds(seconds);

    // 25 pictures a second with a key frame in each, and 48 kHz AAC that comes 60 ms late; every frame comes when it is due.
    void Send(int seconds, bool pictures = true)
    {
        for (var end = _sentMs + seconds * 1_000; _sentMs < end; _sentMs += 40)
        {
            if (pictures)
            {
                Publish(Video, _sentMs, key: _sentMs % 1_000 == 0);
            }

            for (; _soundMs <= _sentMs - 60; _soundMs = (_soundMs * 48 + 1_024 + 47) / 48)
            {
                Publish(Audio, _soundMs);
            }

            _time.Advance(TimeSpan.FromMilliseconds(40));
        }
    }

    void Publish(TrackInfo track, long milliseconds, bool key = false)
    {
        var flags = key || track.Kind == TrackKind.Audio ? FrameFlags.Key : FrameFlags.None;
        _hub.Accept(new Frame(track, _arena.Allocate(50), milliseconds, 0, 0, flags), SourceClock.Rtmp);
    }

    static PublishRequest Request { get; } = new() { Session = Guid.NewGuid(), Slot = 1, Node = "n", FrameLink = "", Encoder = "test" };

    static StreamLease Lease(long firstMsn, long start90k, long epoch = 7) => new()
    {
        Epoch = epoch,
        Session = Request.Session,
        FirstMsn = firstMsn,
        DiscontinuitySequence = 0,
        StartsDiscontinuity = false,
        Start90k = start90k,
        TargetDuration = 2,
        SegmentDuration = TimeSpan.FromSeconds(2),
        PartDuration = TimeSpan.FromMilliseconds(500),
    };

    sealed class Recorder : IAsyncObserver<FrameBatch>
    {
        public List<MarkedFrame> Frames { get; } = [];

        public List<StreamSignal> Signals { get; } = [];

        public MarkedFrame First => Frames[0];

        public IEnumerable<long> Msns => Frames.Select(frame => frame.Segment.Msn).Distinct();

        public IEnumerable<MarkedFrame> Sound(long msn) => Frames.Where(frame => frame.Segment.Msn == msn && frame.Frame.Track.Kind == TrackKind.Audio);

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
