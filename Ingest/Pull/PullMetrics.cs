using System.Diagnostics.Metrics;

namespace Tributary.Ingest.Pull;

/// <summary>What the pulling side of a node counts.</summary>
public sealed class PullMetrics
{
    readonly UpDownCounter<long> _running;
    readonly Counter<long> _ended;
    readonly Counter<long> _received;

    public PullMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Pull");
        _running = meter.CreateUpDownCounter<long>("tributary.pull.sources", "{source}", "Sources that this node pulls, connected or not.");
        _ended = meter.CreateCounter<long>("tributary.pull.attempts_ended", "{attempt}", "Connections to sources that ended or never came about, by reason.");
        _received = meter.CreateCounter<long>("tributary.pull.received", "By", "Bytes received from sources.");
    }

    internal void Began() => _running.Add(1);

    internal void Stopped() => _running.Add(-1);

    internal void Ended(PullEnd end) => _ended.Add(1, new KeyValuePair<string, object?>("reason", end.ToString()));

    internal void Received(long bytes) => _received.Add(bytes);
}
