using System.Diagnostics.Metrics;

namespace Tributary.Grains.LiveStreams;

/// <summary>What the streams' grains of this silo count.</summary>
static class LiveStreamMetrics
{
    static readonly Meter Meter = new("Tributary.LiveStreams");

    static readonly Counter<long> Switches =
        Meter.CreateCounter<long>("tributary.streams.switches", "{switch}", "Changes of the source on air, by reason and by whether the timelines were aligned.");

    static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("tributary.streams.switch.duration", "s", "From the decision for another source to its lease.");

    public static void Switched(SwitchReason reason, bool aligned, TimeSpan took)
    {
        Switches.Add(1, new("reason", reason.ToString()), new("aligned", aligned));
        Duration.Record(took.TotalSeconds);
    }
}
