using System.Diagnostics.Metrics;

namespace Orleans.Runtime;

/// <summary>The instruments of the meter Microsoft.Orleans that the embedded engine feeds.</summary>
static class EngineMetrics
{
    static readonly Meter Meter = new("Microsoft.Orleans");
    static readonly Histogram<double> Latency = Meter.CreateHistogram<double>("orleans-app-requests-latency", "ms");
    static readonly Counter<long> TimedOut = Meter.CreateCounter<long>("orleans-app-requests-timedout");
    static readonly UpDownCounter<long> Activations = Meter.CreateUpDownCounter<long>("orleans-catalog-activations");
    static readonly Counter<long> Created = Meter.CreateCounter<long>("orleans-catalog-activation-created");
    static readonly Counter<long> Destroyed = Meter.CreateCounter<long>("orleans-catalog-activation-destroyed");

    public static void RequestEnded(TimeSpan latency)
    {
        if (Latency.Enabled)
        {
            Latency.Record(latency.TotalMilliseconds);
        }
    }

    public static void RequestTimedOut() => TimedOut.Add(1);

    public static void ActivationStarted()
    {
        Activations.Add(1);
        Created.Add(1);
    }

    public static void ActivationEnded()
    {
        Activations.Add(-1);
        Destroyed.Add(1);
    }
}
