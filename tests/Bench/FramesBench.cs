using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using System.Diagnostics;
using System.Diagnostics.Metrics;

using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;
using Tributary.Media.Timeline;

namespace Tributary.Bench;

/// <summary>
/// The way of a frame within the process, without sockets: normaliser, marker, ring and one follower that only counts. What it allocates per
/// frame when everything is warm (the aim is nothing but a mark per segment), and how many frames per second one core carries.
/// </summary>
static class FramesBench
{
    const int WarmUpSeconds = 60, MeasuredSeconds = 600, FramesPerSecond = 30;
    const int SoundSamples = 1_024, SampleRate = 48_000;

    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f", Width = 1280, Height = 720 };

    static readonly TrackInfo Audio = new()
    {
        Id = 101, Codec = Codec.Aac, Timescale = SampleRate, SamplesPerFrame = SoundSamples, CodecString = "mp4a.40.2", SampleRate = SampleRate, Channels = 2,
    };

    public static async Task Run()
    {
        var table = new Table("frames", "path", "frames", "bytes_per_frame", "nanoseconds_per_frame", "gen0", "frame_memory_mb");
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var pool = new FramePool();
        using var arena = new FrameArena(pool);
        var channels = new FrameChannels(Options.Create(new FrameChannelOptions()), new FrameMetrics(meters), TimeProvider.System);
        var stream = new FrameStreamProvider(channels).GetStream<FrameBatch>(FrameStreamHosting.FramesOf("bench"));
        var follower = new Counter();
        await stream.SubscribeAsync(follower);
        var hub = new StreamHub(stream, new TimelineOptions(), TimeProvider.System, new PublishMetrics(meters));
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
            "hub, ring, one follower", frames, (double)bytes / frames, Math.Round(elapsed.TotalNanoseconds / frames), GC.CollectionCount(0) - gen0, pool.BytesInUse / 1e6);
        table.Print();
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

    sealed class Counter : IAsyncObserver<FrameBatch>
    {
        public long Frames { get; private set; }

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            Frames += item.Frames.Length;
            return Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}
