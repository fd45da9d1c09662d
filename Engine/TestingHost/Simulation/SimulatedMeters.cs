using System.Diagnostics.Metrics;

namespace Orleans.TestingHost.Simulation;

/// <summary>The meters of a simulated world's processes, which nobody reads; .NET keeps each until it is disposed of.</summary>
sealed class SimulatedMeters : IMeterFactory
{
    readonly List<Meter> _made = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _made.Add(meter);
        return meter;
    }

    public void Dispose() => _made.ForEach(meter => meter.Dispose());
}
