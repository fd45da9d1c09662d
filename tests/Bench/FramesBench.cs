using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tributary.Gateway.Live;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;
using Tributary.Media.Timeline;

namespace Tributary.Bench;

/// <summary>
/// The way of a frame within the process, without sockets: normaliser, marker, ring and one follower, which first only counts and then keeps a live
/// window of fMP4 segments. What it allocates per frame when everything is warm (the aim is nothing but what belongs to a segment, spread over its
/// frames), and how long a frame takes on one core.
/// </summary>
static class FramesBench
{
    const int WarmUpSeconds = 60, MeasuredSeconds = 600, FramesPerSecond = 30;
    const int SoundSamples = 1_024, SampleRate = 48_000;

    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f", Width = 1280, Height = 720, DecoderConfig = new byte[] { 1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0 } };

    static readonly TrackInfo Audio = new()
    {
        Id = 101, Codec = Codec.Aac, Timescale = SampleRate, SamplesPerFrame = SoundSamples, CodecString = "mp4a.40.2", SampleRate = SampleRate, Channels = 2,
        DecoderConfig = new byte[] { 0x11, 0x90 },
    };

    public static async Task Run()
    {
        var table = new Table("frames", "path", "frames", "bytes_per_frame", "nanoseconds_per_frame", "gen0", "frame_memory_mb");
        await Measure(table, "hub, ring, a follower", null);
        using var window = new LiveWindow(new LiveWindowOptions(), Muxers.All);
        await Measure(table, "hub, ring, live window", window);
        table.Print();
    }

    static async Task Measure(Table table, string path, LiveWindow? window)
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var pool = new FramePool();
        using var arena = new FrameArena(pool);
        var channels = new FrameChannels(Options.Create(new FrameChannelOptions()), new FrameMetrics(meters), TimeProvider.System);
        var stream = new FrameStreamProvider(channels).GetStream<FrameBatch>(FrameStreamHosting.FramesOf("bench"));
        var follower = new Follower(window);
        await stream.SubscribeAsync(follower);
        var hub = new StreamHub(stream, new TimelineOptions(), new PublishOptions(), TimeProvider.System, new PublishMetrics(meters));
        hub.GoOnAir(new StreamLease
        {
            Epoch = 1, Session = Guid.NewGuid(), FirstMsn = 0, DiscontinuitySequence = 0, StartsDiscontinuity = false, Start90k = 0, TargetDuration = 2,
            SegmentDuration = TimeSpan.FromSeconds(2), PartDuration = TimeSpan.FromMilliseconds(500),
        });

        var next = Push(hub, arena, 0, WarmUpSeconds);
        GC.Collect();
        var (bytes, frames, gen0, started) = (GC.GetAllocatedBytesForCurrentThread(), follower.Frames, GC.CollectionCount(0), Stopwatch.GetTimestamp());
        Push(hub, arena, next, MeasuredSeconds);
        var elapsed = Stopwatch.GetElapsedTime(started);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        frames = follower.Frames - frames;
        table.Add(
            path, frames, (double)bytes / frames, Math.Round(elapsed.TotalNanoseconds / frames), GC.CollectionCount(0) - gen0, pool.BytesInUse / 1e6);
    }

    // A key frame of 40 kB every two seconds, 10 kB for the others, 340 bytes of sound: 2.5 Mb/s. Timestamps as RTMP gives them.
    static int Push(StreamHub hub, FrameArena arena, int second, int seconds)
    {
        var sound = (long)second * SampleRate / SoundSamples;
        for (var end = second + seconds; second < end; second++)
        {
            for (var i = 0; i < FramesPerSecond; i++)
            {
                var ms = second * 1_000L + i * 1_000L / FramesPerSecond;
                var key = i == 0 && second % 2 == 0;
                hub.Accept(new Frame(Video, arena.Allocate(key ? 40_000 : 10_000), ms, 0, 0, key ? FrameFlags.Key : 0), SourceClock.Rtmp);
                for (; sound * SoundSamples * 1_000 / SampleRate <= ms; sound++)
                {
                    hub.Accept(new Frame(Audio, arena.Allocate(340), sound * SoundSamples * 1_000 / SampleRate, 0, 0, FrameFlags.Key), SourceClock.Rtmp);
                }
            }
        }

        return second;
    }

    sealed class Follower(LiveWindow? window) : IAsyncObserver<FrameBatch>
    {
        public long Frames { get; private set; }

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            Frames += item.Frames.Length;
            window?.Append(item.Frames.Span);
            return Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}
