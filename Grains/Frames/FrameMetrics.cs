using System.Diagnostics.Metrics;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames;

/// <summary>What the frame channels of a host count.</summary>
public sealed class FrameMetrics
{
    readonly Counter<long> _dropped;
    readonly Counter<long> _overflows;
    readonly Counter<long> _failures;
    readonly Counter<long> _refused;
    readonly Counter<long> _outdated;
    readonly Counter<long> _sent;
    readonly Counter<long> _broken;

    public FrameMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Frames");
        _dropped = meter.CreateCounter<long>("tributary.frames.dropped", "{frame}", "Frames that a slow subscriber did not get.");
        _overflows = meter.CreateCounter<long>("tributary.frames.ring_overflows", "{segment}", "Segments dropped early: Frames:MaxBytes.");
        _failures = meter.CreateCounter<long>("tributary.frames.subscriber_failures", "{failure}", "Subscribers that failed on a batch.");
        _refused = meter.CreateCounter<long>("tributary.frames.streams_refused", "{stream}", "Streams over Frames:MaxStreams.");
        _outdated = meter.CreateCounter<long>("tributary.frames.outdated", "{frame}", "Frames and signals of sources that had been replaced.");
        _sent = meter.CreateCounter<long>("tributary.frames.link_sent", "By", "Bytes of frames sent to other hosts.");
        _broken = meter.CreateCounter<long>("tributary.frames.link_breaks", "{break}", "Frame links to other hosts that broke or could not be opened.");
        meter.CreateObservableGauge("tributary.frames.memory", () => FramePool.Shared.BytesInUse, "By", "Frame memory in use.");
    }

    internal void Dropped(int frames) => _dropped.Add(frames);

    internal void RingOverflowed() => _overflows.Add(1);

    internal void SubscriberFailed() => _failures.Add(1);

    internal void Outdated(int frames) => _outdated.Add(frames);

    internal void Sent(int bytes) => _sent.Add(bytes);

    internal void LinkBroken() => _broken.Add(1);

    internal void StreamRefused() => _refused.Add(1);
}
