using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Tributary.Gateway;
using Tributary.Gateway.Metrics;

namespace Tributary.Unit.Gateway;

public sealed class PrometheusTextTests : IDisposable
{
    static int _meters;

    readonly Meter _meter;
    readonly MeterCollector _collector;

    public PrometheusTextTests()
    {
        var name = $"Tributary.PrometheusTextTests.{Interlocked.Increment(ref _meters)}";
        _collector = new MeterCollector(Options.Create(new EdgeOptions { Meters = [name] }));
        _meter = new Meter(name);
    }

    public void Dispose()
    {
        _collector.Dispose();
        _meter.Dispose();
    }

    string Text => PrometheusText.Write(_collector.Read());

    [Fact]
    public void A_counter_adds_up_by_label_and_ends_in_total()
    {
        var counter = _meter.CreateCounter<long>("tributary.test.sent", "By", "Bytes \\ sent\nso far.");
        counter.Add(5, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        counter.Add(7, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        counter.Add(1);
        Assert.Equal("""
            # HELP tributary_test_sent_bytes_total Bytes \\ sent\nso far.
            # TYPE tributary_test_sent_bytes_total counter
            tributary_test_sent_bytes_total{kind="a\"b\\c\nd"} 12
            tributary_test_sent_bytes_total 1

            """, Text);
    }

    [Fact]
    public void A_histogram_has_cumulative_buckets_sum_and_count()
    {
        var histogram = _meter.CreateHistogram("wait", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        histogram.Record(0.5);
        histogram.Record(0.75);
        histogram.Record(3);
        Assert.Equal("""
            # HELP wait_seconds 
            # TYPE wait_seconds histogram
            wait_seconds_bucket{le="0.5"} 1
            wait_seconds_bucket{le="1"} 2
            wait_seconds_bucket{le="+Inf"} 3
            wait_seconds_sum 4.25
            wait_seconds_count 3

            """, Text);
    }

    [Fact]
    public void Gauges_and_observed_values_are_the_last_ones()
    {
        var value = 3;
        _meter.CreateObservableGauge("temperature", () => value);
        _meter.CreateObservableCounter("9-lives", () => 9L);
        var upDown = _meter.CreateUpDownCounter<int>("open");
        upDown.Add(4);
        upDown.Add(-1);
        _ = Text;
        value = 2;
        var lines = Text.Split('\n');
        Assert.Contains("temperature 2", lines);
        Assert.Contains("open 3", lines);
        Assert.Contains("_9_lives_total 9", lines);
        Assert.Contains("# TYPE open gauge", lines);
    }

    [Fact]
    public void Series_are_bounded()
    {
        var counter = _meter.CreateCounter<int>("names");
        for (var index = 0; index < 2_000; index++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("name", index));
        }

        Assert.Equal(500, Text.Split('\n').Count(line => line.StartsWith("names_total{", StringComparison.Ordinal)));
    }
}
