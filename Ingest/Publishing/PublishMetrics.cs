using System.Diagnostics.Metrics;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

/// <summary>What the publishing side of a host counts.</summary>
public sealed class PublishMetrics
{
    readonly UpDownCounter<long> _publishers;
    readonly Counter<long> _bytes;
    readonly Counter<long> _frames;
    readonly Counter<long> _dropped;
    readonly Counter<long> _refused;
    readonly Counter<long> _ended;
    readonly Counter<long> _reportFailures;
    readonly Counter<long> _said;
    readonly Counter<long> _saidTooMuch;
    readonly Counter<long> _syncPoints;
    int _current;

    public PublishMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Publish");
        _publishers = meter.CreateUpDownCounter<long>("tributary.publish.sessions", "{session}", "Publishers connected to this node.");
        _bytes = meter.CreateCounter<long>("tributary.publish.media", "By", "Bytes of coded media taken from publishers.");
        _frames = meter.CreateCounter<long>("tributary.publish.frames", "{frame}", "Frames taken from publishers.");
        _dropped = meter.CreateCounter<long>("tributary.publish.frames_dropped", "{frame}", "Frames that could not be placed on the timeline.");
        _refused = meter.CreateCounter<long>("tributary.publish.refused", "{session}", "Publishers refused, by reason.");
        _ended = meter.CreateCounter<long>("tributary.publish.ended", "{session}", "Sessions ended, by reason.");
        _reportFailures = meter.CreateCounter<long>("tributary.publish.report_failures", "{call}", "Reports that a stream's grain did not take in time.");
        _said = meter.CreateCounter<long>("tributary.publish.data_messages", "{message}", "Data messages of publishers that viewers get as timed metadata.");
        _saidTooMuch = meter.CreateCounter<long>("tributary.publish.data_messages_dropped", "{message}", "Data messages beyond Publish:MaxDataMessages, or that no frame came to carry.");
        _syncPoints = meter.CreateCounter<long>("tributary.publish.sync_points", "{point}", "Sync points emitted because somebody asked for them.");
    }

    /// <summary>Publishers connected now.</summary>
    public int Current => Volatile.Read(ref _current);

    internal void Took(int bytes)
    {
        _frames.Add(1);
        _bytes.Add(bytes);
    }

    internal void Said() => _said.Add(1);

    internal void SaidTooMuch() => _saidTooMuch.Add(1);

    internal void SyncPoint() => _syncPoints.Add(1);

    internal void Dropped() => _dropped.Add(1);

    internal bool TryBegin(int limit)
    {
        if (Interlocked.Increment(ref _current) > limit)
        {
            Interlocked.Decrement(ref _current);
            return false;
        }

        _publishers.Add(1);
        return true;
    }

    internal void Ended(PublishEnd end)
    {
        Abandoned();
        _ended.Add(1, new KeyValuePair<string, object?>("reason", end.ToString()));
    }

    /// <summary>A session that had a place but never became one.</summary>
    internal void Abandoned()
    {
        Interlocked.Decrement(ref _current);
        _publishers.Add(-1);
    }

    internal void Refused(PublishRefusalReason reason) =>
        _refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    internal void ReportFailed() => _reportFailures.Add(1);
}
