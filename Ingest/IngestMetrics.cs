using System.Diagnostics.Metrics;

namespace Tributary.Ingest;

/// <summary>What the ways in count about their connections, before anything is published.</summary>
public sealed class IngestMetrics
{
    readonly UpDownCounter<long> _connections;
    readonly Counter<long> _closed;
    readonly Counter<long> _received;
    readonly Counter<long> _dropped;

    public IngestMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Ingest");
        _connections = meter.CreateUpDownCounter<long>("tributary.ingest.connections", "{connection}", "Encoders connected, by protocol.");
        _closed = meter.CreateCounter<long>(
            "tributary.ingest.connections_closed", "{connection}", "Connections that ended, by protocol and reason.");
        _received = meter.CreateCounter<long>("tributary.ingest.received", "By", "Bytes received from encoders, by protocol.");
        _dropped = meter.CreateCounter<long>(
            "tributary.ingest.messages_dropped", "{message}", "Media messages that gave no frame, by protocol and reason.");
    }

    internal void Opened(string protocol) => _connections.Add(1, Protocol(protocol));

    internal void Closed(string protocol, string reason)
    {
        _connections.Add(-1, Protocol(protocol));
        _closed.Add(1, Protocol(protocol), new KeyValuePair<string, object?>("reason", reason));
    }

    internal void Received(string protocol, long bytes) => _received.Add(bytes, Protocol(protocol));

    internal void Dropped(string protocol, string reason) =>
        _dropped.Add(1, Protocol(protocol), new KeyValuePair<string, object?>("reason", reason));

    static KeyValuePair<string, object?> Protocol(string protocol) => new("protocol", protocol);
}
