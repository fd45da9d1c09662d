using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;
using Tributary.Media.Segmenting;
using Tributary.Media.Timeline;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// The way of every frame of one publisher: normalise, mark under the lease, hand on to whoever follows the stream on this host and others.
/// Nothing here awaits anything. Without a lease (standby) the last frames are kept, so that the source can go on air where another one ended.
/// </summary>
public sealed partial class StreamHub(
    IAsyncStream<FrameBatch> output, TimelineOptions timelineOptions, PublishOptions options, TimeProvider time, PublishMetrics metrics)
{
    readonly Lock _gate = new();
    readonly TimelineNormaliser _timeline = new(timelineOptions);
    readonly SourceMeter _meter = new(options.Fault, time);
    readonly SourceSights _sights = new();
    readonly StandbyRing _standby = new(options.Standby.Window, options.Standby.MaxBytes);
    readonly StartGate _start = new();
    readonly MarkedFrame[] _one = new MarkedFrame[1];
    readonly long _began = time.GetTimestamp();
    readonly TaskCompletionSource _playable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    SegmentMarker? _marker;
    long _dropped;
    long _begunMsn = -1, _firstMsn;

    /// <summary>Called when the stream's grain should hear from this source, on the publisher's thread: be quick.</summary>
    public Action? HasNews { get; set; }

    /// <summary>Over when a whole segment was cut, or a key frame is kept on standby.</summary>
    public Task Playable => _playable.Task;

    /// <summary>Number of the first segment of its first lease; -1: it had none.</summary>
    public long FirstMsn { get; private set; } = -1;

    public TimeSpan Silence => _meter.Silence;

    /// <summary>What is wrong with the source now.</summary>
    public SourceFault Fault => _meter.Fault;

    /// <summary>How long until the source counts as silent if nothing comes; zero where it does already.</summary>
    public TimeSpan UntilSilent => _meter.UntilSilent;

    /// <summary>Takes one frame and its reference.</summary>
    public void Accept(Frame frame, SourceClock clock)
    {
        lock (_gate)
        {
            metrics.Took(frame.Data.Length);
            _meter.Count(frame);
            var (wire, arrival) = (frame.Dts, time.GetElapsedTime(_began));
            var source90k = MediaTime.Rescale(frame.Pts, clock.Hz, MediaTime.Hz90k);
            if (!_timeline.TryNormalise(ref frame, clock, arrival))
            {
                Drop(frame);
                return;
            }

            if (_said.TakeFor(frame, wire, clock, arrival) is { } said)
            {
                frame = frame with { Metadata = said };
            }

            var now = time.GetUtcNow();
            _meter.Placed(frame.Pts90k);
            _sights.Note(frame, source90k, now);
            if (_marker is null)
            {
                var wasEmpty = _standby.First90k is null;
                _standby.Add(frame, now);
                if (wasEmpty && _standby.First90k is not null)
                {
                    _playable.TrySetResult();
                    HasNews?.Invoke();   // it could go on air from here on
                }
            }
            else if (!KeepsForStandby(frame, now))
            {
                Deliver(frame, now);
            }
        }
    }

    void Deliver(in Frame frame, DateTimeOffset arrived)
    {
        if (!_start.Holds(frame, _marker!))
        {
            Pass(frame, arrived);
        }
    }

    // At the start the key frame goes before the audio that was held for it: audio from before its time has no picture and is dropped.
    void Pass(in Frame frame, DateTimeOffset arrived)
    {
        if (frame.Track.Kind == TrackKind.Video)
        {
            Mark(frame, arrived);
        }

        while (_start.TryTake(out var held))
        {
            Mark(held, arrived);
        }

        if (frame.Track.Kind == TrackKind.Audio)
        {
            Mark(frame, arrived);
        }
    }

    void Mark(in Frame frame, DateTimeOffset arrived)
    {
        if (!_marker!.TryMark(frame, arrived, out _one[0]))
        {
            Drop(frame);
            return;
        }

        AddSyncPoint(ref _one[0]);
        output.OnNextAsync(new FrameBatch(_one));   // synchronous: followers took what they keep
        frame.Data.Release();
        if (_one[0].Segment.Msn > _begunMsn)
        {
            if (_begunMsn >= 0 && _begunMsn >= _firstMsn)
            {
                _playable.TrySetResult();
            }

            _begunMsn = _one[0].Segment.Msn;
            HasNews?.Invoke();
        }
    }

    void Drop(in Frame frame)
    {
        _dropped++;
        metrics.Dropped();
        frame.Data.Release();
    }
}
