using System.Diagnostics.Metrics;

namespace Tributary.Gateway.Streaming;

/// <summary>What long-lived viewers cost and suffer.</summary>
public sealed class StreamingMetrics
{
    static readonly string[] Formats = ["flv", "rtmp", "ts"];
    static readonly string[] Ends = [.. Enum.GetNames<ViewerEnd>().Select(name => name.ToLowerInvariant())];

    readonly UpDownCounter<long> _viewers;
    readonly Counter<long> _ended;
    readonly Counter<long> _refused;
    readonly Counter<long> _dropped;
    readonly Counter<long> _overflows;
    readonly Counter<long> _sent;
    readonly Counter<long> _writes;

    public StreamingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Gateway.Streaming");
        _viewers = meter.CreateUpDownCounter<long>("tributary.streaming.viewers", "{viewer}", "Long-lived viewers, by format.");
        _ended = meter.CreateCounter<long>("tributary.streaming.viewers_ended", "{viewer}", "Viewers that ended, by format and reason.");
        _refused = meter.CreateCounter<long>("tributary.streaming.viewers_refused", "{viewer}", "Viewers over Gateway:Streaming:MaxViewers.");
        _dropped = meter.CreateCounter<long>("tributary.streaming.drops", "{drop}", "Slow viewers that were dropped to a key frame.");
        _overflows = meter.CreateCounter<long>("tributary.streaming.overflows", "{overflow}", "Frames let go early: Gateway:Streaming:MaxBytes.");
        _sent = meter.CreateCounter<long>("tributary.streaming.sent", "By", "Bytes sent to long-lived viewers.");
        _writes = meter.CreateCounter<long>("tributary.streaming.writes", "{write}", "System calls that sent them.");
    }

    internal void Joined(StreamFormat format) => _viewers.Add(1, Format(format));

    internal void Ended(StreamFormat format, ViewerEnd end)
    {
        _viewers.Add(-1, Format(format));
        _ended.Add(1, Format(format), new KeyValuePair<string, object?>("reason", Ends[(int)end]));
    }

    internal void Refused() => _refused.Add(1);

    internal void Dropped() => _dropped.Add(1);

    internal void Overflowed() => _overflows.Add(1);

    internal void Sent(long bytes, int writes)
    {
        _sent.Add(bytes);
        _writes.Add(writes);
    }

    static KeyValuePair<string, object?> Format(StreamFormat format) => new("format", Formats[(int)format]);
}
