using System.Diagnostics.Metrics;

namespace Tributary.Gateway.Metrics;

/// <summary>One instrument and its series, one for each set of tags.</summary>
sealed class InstrumentSeries(Instrument instrument, int maxSeries)
{
    static readonly double[] SecondBuckets = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    static readonly double[] OtherBuckets = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

    readonly double[] _bounds = BoundsOf(instrument);
    readonly Lock _gate = new();
    Series[] _series = [];

    public Instrument Instrument => instrument;

    public bool IsHistogram { get; } = IsGeneric(instrument, typeof(Histogram<>));

    public bool IsMonotonic { get; } = IsGeneric(instrument, typeof(Counter<>)) || IsGeneric(instrument, typeof(ObservableCounter<>));

    bool ReportsSums { get; } = IsGeneric(instrument, typeof(Counter<>)) || IsGeneric(instrument, typeof(UpDownCounter<>));

    public IReadOnlyList<double> Bounds => _bounds;

    public IReadOnlyList<Series> All => Volatile.Read(ref _series);

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Find(tags) is not { } series)
        {
            return;
        }

        lock (series)
        {
            series.Value = ReportsSums || IsHistogram ? series.Value + value : value;
            if (IsHistogram)
            {
                series.Buckets[BucketOf(value)]++;
                series.Count++;
            }
        }
    }

    int BucketOf(double value)
    {
        var index = 0;
        while (index < _bounds.Length && value > _bounds[index])
        {
            index++;
        }

        return index;
    }

    Series? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var known in Volatile.Read(ref _series))
        {
            if (known.Is(tags))
            {
                return known;
            }
        }

        lock (_gate)
        {
            foreach (var known in _series)
            {
                if (known.Is(tags))
                {
                    return known;
                }
            }

            if (_series.Length == maxSeries)
            {
                return null;
            }

            var added = new Series(tags.ToArray(), IsHistogram ? _bounds.Length + 1 : 0);
            Volatile.Write(ref _series, [.. _series, added]);
            return added;
        }
    }

    static double[] BoundsOf(Instrument instrument)
    {
        IEnumerable<double>? advised = instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => bounds,
            Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            _ => null,
        };
        return advised?.ToArray() ?? (instrument.Unit == "s" ? SecondBuckets : OtherBuckets);
    }

    static bool IsGeneric(Instrument instrument, Type type) =>
        instrument.GetType() is { IsGenericType: true } actual && actual.GetGenericTypeDefinition() == type;

    /// <summary>One set of tags, and what was measured with it. Lock it to read more than one of its numbers.</summary>
    internal sealed class Series(KeyValuePair<string, object?>[] tags, int buckets)
    {
        public IReadOnlyList<KeyValuePair<string, object?>> Tags => tags;

        /// <summary>The sum of a counter or histogram; the last value of a gauge.</summary>
        public double Value { get; set; }

        public long Count { get; set; }

        public long[] Buckets { get; } = new long[buckets];

        public bool Is(ReadOnlySpan<KeyValuePair<string, object?>> others)
        {
            if (others.Length != tags.Length)
            {
                return false;
            }

            for (var index = 0; index < tags.Length; index++)
            {
                if (!string.Equals(tags[index].Key, others[index].Key, StringComparison.Ordinal) || !Equals(tags[index].Value, others[index].Value))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
