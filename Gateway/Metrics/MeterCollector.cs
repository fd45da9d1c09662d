using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;

namespace Tributary.Gateway.Metrics;

/// <summary>Adds up what the meters of this process measure, so that <see cref="PrometheusText"/> can show it.</summary>
public sealed class MeterCollector : IDisposable
{
    // Tags that come from outside must not fill the memory; whoever needs more needs a database.
    const int MaxSeriesPerInstrument = 500;

    readonly MeterListener _listener = new();
    readonly ConcurrentDictionary<Instrument, InstrumentSeries> _instruments = new();
    readonly string[] _meters;

    public MeterCollector(IOptions<EdgeOptions> options)
    {
        _meters = options.Value.Meters;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Any(prefix => instrument.Meter.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument, static key => new InstrumentSeries(key, MaxSeriesPerInstrument)));
            }
        };
        _listener.MeasurementsCompleted = (instrument, state) => _instruments.TryRemove(instrument, out var _);
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Record(state, (double)value, tags));
        _listener.Start();
    }

    /// <summary>The instruments by name, with what they measured until now.</summary>
    internal IReadOnlyList<InstrumentSeries> Read()
    {
        _listener.RecordObservableInstruments();
        return [.. _instruments.Values.OrderBy(series => series.Instrument.Name, StringComparer.Ordinal)];
    }

    public void Dispose() => _listener.Dispose();

    static void Record(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => ((InstrumentSeries)state!).Record(value, tags);
}
