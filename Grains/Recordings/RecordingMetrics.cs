using System.Diagnostics.Metrics;

namespace Tributary.Grains.Recordings;

/// <summary>What the recorders of a node count.</summary>
public sealed class RecordingMetrics
{
    readonly Counter<long> _bytes;
    readonly Counter<long> _parts;
    readonly Counter<long> _lost;
    readonly Counter<long> _failures;
    readonly Counter<long> _refused;
    readonly Counter<long> _repaired;
    readonly Counter<long> _cut;
    readonly Counter<long> _deleted;
    readonly Histogram<double> _sync;

    public RecordingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Recording");
        _bytes = meter.CreateCounter<long>("tributary.recording.written", "By", "Bytes of media written to journals.");
        _parts = meter.CreateCounter<long>("tributary.recording.parts", "{part}", "Parts written to journals.");
        _lost = meter.CreateCounter<long>("tributary.recording.lost", "{segment}", "Segments of a rendition that a recorder missed or could not write.");
        _failures = meter.CreateCounter<long>("tributary.recording.failures", "{failure}", "Journals given up because the disk failed, was full or a limit was reached.");
        _refused = meter.CreateCounter<long>("tributary.recording.refused", "{stream}", "Streams over Recording:MaxRecorders.");
        _repaired = meter.CreateCounter<long>("tributary.recording.repaired", "{volume}", "Volumes that a crash left open and that were repaired.");
        _cut = meter.CreateCounter<long>("tributary.recording.cut", "By", "Bytes that repairs cut off.");
        _deleted = meter.CreateCounter<long>("tributary.recording.deleted", "By", "Bytes deleted by retention, limits and commands.");
        _sync = meter.CreateHistogram<double>("tributary.recording.sync", "s", "Time that a flush to the disk took.");
        meter.CreateObservableGauge("tributary.recording.active", () => Active(), "{stream}", "Streams that this node records or keeps for rewinding.");
        meter.CreateObservableGauge("tributary.recording.stopped", () => Stopped(), "{stream}", "Of these, those whose journals cannot be written.");
    }

    internal Func<int> Active { get; set; } = static () => 0;

    internal Func<int> Stopped { get; set; } = static () => 0;

    internal void Wrote(int bytes)
    {
        _bytes.Add(bytes);
        _parts.Add(1);
    }

    internal void Lost(long segments) => _lost.Add(segments);

    internal void Failed() => _failures.Add(1);

    internal void Refused() => _refused.Add(1);

    internal void Repaired(long cut)
    {
        _repaired.Add(1);
        _cut.Add(cut);
    }

    internal void Deleted(long bytes) => _deleted.Add(bytes);

    internal void Synced(TimeSpan took) => _sync.Record(took.TotalSeconds);
}
