using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>Time that a stage of answering took, in all.</summary>
public sealed record StageCounts(string Name, long Count, double Seconds, double Most);

/// <summary>What the packager counts: for /metrics, and since the last reset for its own status page.</summary>
public sealed class VodMetrics
{
    static readonly string[] Kinds = [.. Enum.GetNames<VodRequestKind>().Select(name => name.ToLowerInvariant())];

    /// <summary>Stages of a request that are timed.</summary>
    public static IReadOnlyList<string> StageNames { get; } =
        ["fetch_cache", "get_mapping", "parse_mapping", "open_file", "parse_media", "package", "process_frames", "total"];

    sealed class Stage
    {
        public long Count;
        public long Ticks;
        public long Most;
    }

    readonly Counter<long> _requests;
    readonly Counter<long> _sent;
    readonly Counter<long> _refused;
    readonly Counter<long> _upstream;
    readonly Counter<long> _notifications;
    readonly Histogram<double> _time;
    readonly Dictionary<string, Stage> _stages = StageNames.ToDictionary(name => name, _ => new Stage(), StringComparer.Ordinal);
    readonly ConcurrentDictionary<(string Kind, int Status), long> _answers = new();

    public VodMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Vod");
        _requests = meter.CreateCounter<long>("tributary.vod.requests", "{request}", "Requests for packaged files, by kind and status.");
        _sent = meter.CreateCounter<long>("tributary.vod.sent", "By", "Bytes of packaged files sent.");
        _refused = meter.CreateCounter<long>("tributary.vod.requests_refused", "{request}", "Requests over Vod:MaxRequests.");
        _upstream = meter.CreateCounter<long>("tributary.vod.upstream_requests", "{request}", "Questions to upstreams, by result.");
        _notifications = meter.CreateCounter<long>("tributary.vod.notifications", "{notification}", "Notifications sent to upstreams.");
        _time = meter.CreateHistogram("tributary.vod.stage.duration", "s", "Time of a stage of answering.", advice:
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.000_01, 0.000_1, 0.001, 0.005, 0.025, 0.1, 0.5, 2, 10] });
        meter.CreateObservableGauge("tributary.vod.cache.bytes", () => Caches().Select(cache => new Measurement<long>(cache.Bytes, Name(cache))), "By", "Bytes in caches.");
        meter.CreateObservableGauge("tributary.vod.cache.entries", () => Caches().Select(cache => new Measurement<long>(cache.Entries, Name(cache))), "{entry}", "Entries in caches.");
        meter.CreateObservableCounter("tributary.vod.cache.hits", () => Caches().Select(cache => new Measurement<long>(cache.Hits, Name(cache))), "{hit}", "What was found in caches, since the last reset.");
        meter.CreateObservableCounter("tributary.vod.cache.misses", () => Caches().Select(cache => new Measurement<long>(cache.Misses, Name(cache))), "{miss}", "What was not found in caches, since the last reset.");
        meter.CreateObservableCounter("tributary.vod.cache.evicted", () => Caches().Select(cache => new Measurement<long>(cache.Evicted, Name(cache))), "{entry}", "What gave way to something else, since the last reset.");
    }

    static KeyValuePair<string, object?> Name(CacheCounts cache) => new("cache", cache.Name);

    internal Func<IEnumerable<CacheCounts>> Caches { get; set; } = () => [];

    public static long Start() => Stopwatch.GetTimestamp();

    /// <summary>Counts a stage that began at <paramref name="started"/>.</summary>
    public void Took(string stage, long started)
    {
        var ticks = Stopwatch.GetTimestamp() - started;
        var counted = _stages[stage];
        Interlocked.Increment(ref counted.Count);
        Interlocked.Add(ref counted.Ticks, ticks);
        if (ticks > Volatile.Read(ref counted.Most))
        {
            Volatile.Write(ref counted.Most, ticks);   // a lost race loses one maximum of two: good enough
        }

        if (_time.Enabled)
        {
            _time.Record((double)ticks / Stopwatch.Frequency, new KeyValuePair<string, object?>("stage", stage));
        }
    }

    internal void Answered(VodRequestKind? kind, int status, long bytes)
    {
        var name = kind is { } known ? Kinds[(int)known] : "other";
        _requests.Add(1, new("kind", name), new("status", status));
        _sent.Add(bytes);
        _answers.AddOrUpdate((name, status), 1, (_, count) => count + 1);
    }

    internal void Refused() => _refused.Add(1);

    internal void UpstreamAnswered(MediaFailure failure) => _upstream.Add(1, new KeyValuePair<string, object?>("result", failure.ToString()));

    internal void Notified() => _notifications.Add(1);

    /// <summary>Stages since the last reset.</summary>
    public IReadOnlyList<StageCounts> Stages => [.. StageNames.Select(name =>
    {
        var stage = _stages[name];
        return new StageCounts(name, Volatile.Read(ref stage.Count), (double)Volatile.Read(ref stage.Ticks) / Stopwatch.Frequency, (double)Volatile.Read(ref stage.Most) / Stopwatch.Frequency);
    })];

    /// <summary>Answers since the last reset, by kind and status.</summary>
    public IReadOnlyList<(string Kind, int Status, long Count)> Answers =>
        [.. _answers.Select(pair => (pair.Key.Kind, pair.Key.Status, pair.Value)).OrderBy(answer => answer.Kind, StringComparer.Ordinal).ThenBy(answer => answer.Status)];

    public void Reset()
    {
        _answers.Clear();
        foreach (var stage in _stages.Values)
        {
            Volatile.Write(ref stage.Count, 0);
            Volatile.Write(ref stage.Ticks, 0);
            Volatile.Write(ref stage.Most, 0);
        }
    }
}
