using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;
using Tributary.Media.Segmenting;
using Tributary.Media.Timeline;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// The way of every frame of one publisher: normalise, mark under the lease, hand on to whoever follows the stream on this host and others.
/// Nothing here awaits anything. Without a lease (standby) frames are counted and let go.
/// </summary>
public sealed class StreamHub(IAsyncStream<FrameBatch> output, TimelineOptions timelineOptions, TimeProvider time, PublishMetrics metrics)
{
    readonly Lock _gate = new();
    readonly TimelineNormaliser _timeline = new(timelineOptions);
    readonly SourceMeter _meter = new(time);
    readonly StartGate _start = new();
    readonly MarkedFrame[] _one = new MarkedFrame[1];
    readonly long _began = time.GetTimestamp();
    SegmentMarker? _marker;
    long _epoch;
    long _dropped;
    long _begunMsn = -1;
    (long NextMsn, long DiscontinuitySequence, long End90k, int TargetDuration) _closed;

    /// <summary>Called when a new segment begins, on the publisher's thread: be quick.</summary>
    public Action? SegmentBegun { get; set; }

    public TimeSpan Silence => _meter.Silence;

    /// <summary>Takes one frame and its reference.</summary>
    public void Accept(Frame frame, SourceClock clock)
    {
        lock (_gate)
        {
            metrics.Took(frame.Data.Length);
            _meter.Count(frame);
            if (!_timeline.TryNormalise(ref frame, clock, time.GetElapsedTime(_began)))
            {
                Drop(frame);
                return;
            }

            if (_marker is null)
            {
                frame.Data.Release();
                return;
            }

            if (!_start.Holds(frame, _marker))
            {
                Pass(frame);
            }
        }
    }

    // At the start the key frame goes before the audio that was held for it: audio from before its time has no picture and is dropped.
    void Pass(in Frame frame)
    {
        if (frame.Track.Kind == TrackKind.Video)
        {
            Mark(frame);
        }

        while (_start.TryTake(out var held))
        {
            Mark(held);
        }

        if (frame.Track.Kind == TrackKind.Audio)
        {
            Mark(frame);
        }
    }

    /// <summary>Cuts segments from the next key frame on.</summary>
    public void GoOnAir(StreamLease lease)
    {
        lock (_gate)
        {
            if (lease.Epoch <= _epoch)
            {
                return;   // an old grant that came late
            }

            _epoch = lease.Epoch;
            _marker = new SegmentMarker(new SegmentationPlan
            {
                Epoch = lease.Epoch,
                FirstMsn = lease.FirstMsn,
                DiscontinuitySequence = lease.DiscontinuitySequence,
                StartsDiscontinuity = lease.StartsDiscontinuity,
                Start90k = lease.Start90k,
                TargetDuration = lease.TargetDuration,
                SegmentDuration = lease.SegmentDuration,
                PartDuration = lease.PartDuration,
            });
            _start.Reset();
        }
    }

    /// <summary>Goes on under a newer epoch: the stream's grain was activated anew.</summary>
    public void Renew(long epoch)
    {
        lock (_gate)
        {
            if (epoch > _epoch && _marker is not null)
            {
                _epoch = epoch;
                _marker.Renew(epoch);
            }
        }
    }

    /// <summary>Stops cutting, and tells those who follow that what they have of the open segment is all of it.</summary>
    public void GoOffAir()
    {
        lock (_gate)
        {
            if (_marker is null)
            {
                return;
            }

            _marker.Close();
            _start.Reset();
            output.OnNextAsync(new FrameBatch(default, StreamSignal.SourceLost, _epoch));
            _closed = Progress(_marker);
            _marker = null;
        }
    }

    /// <summary>What the stream's grain should know now.</summary>
    public SourceReport Report(PublishRequest request)
    {
        lock (_gate)
        {
            var (nextMsn, discontinuities, end90k, targetDuration) = _marker is null ? _closed : Progress(_marker);
            return new SourceReport
            {
                Session = request.Session,
                Epoch = _epoch,
                NextMsn = nextMsn,
                DiscontinuitySequence = discontinuities,
                End90k = end90k,
                TargetDuration = targetDuration,
                Health = _meter.Read(_timeline.Mended, _dropped),
                Request = request,
            };
        }
    }

    static (long, long, long, int) Progress(SegmentMarker marker) =>
        (marker.NextMsn, marker.DiscontinuitySequence, marker.End90k, marker.TargetDuration);

    void Mark(in Frame frame)
    {
        if (!_marker!.TryMark(frame, time.GetUtcNow(), out _one[0]))
        {
            Drop(frame);
            return;
        }

        output.OnNextAsync(new FrameBatch(_one));   // synchronous: followers took what they keep
        frame.Data.Release();
        if (_one[0].Segment.Msn > _begunMsn)
        {
            _begunMsn = _one[0].Segment.Msn;
            SegmentBegun?.Invoke();
        }
    }

    void Drop(in Frame frame)
    {
        _dropped++;
        metrics.Dropped();
        frame.Data.Release();
    }
}
