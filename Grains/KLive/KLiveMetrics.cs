using System.Diagnostics.Metrics;

namespace Tributary.Grains.KLive;

/// <summary>What a node counts as a media server of the platform.</summary>
public sealed class KLiveMetrics
{
    readonly Counter<long> _decisions;
    readonly Counter<long> _calls;
    readonly Counter<long> _pieces;
    readonly Counter<long> _uploaded;
    readonly Histogram<double> _asked;

    public KLiveMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.KLive");
        _decisions = meter.CreateCounter<long>("tributary.klive.decisions", "{publisher}", "Publishers of entries, by what was decided and whether the platform was asked.");
        _calls = meter.CreateCounter<long>("tributary.klive.calls_failed", "{call}", "Calls that the platform refused or did not answer, by action.");
        _pieces = meter.CreateCounter<long>("tributary.klive.pieces", "{piece}", "Pieces of recordings, by what became of them.");
        _asked = meter.CreateHistogram<double>("tributary.klive.platform.duration", "s", "Attempts to call another cluster's platform, by action and outcome.");
        _uploaded = meter.CreateCounter<long>("tributary.klive.uploaded", "By", "Bytes of recordings that another cluster's platform has.");
        meter.CreateObservableGauge("tributary.klive.platform.silent", () => IsSilent() ? 1 : 0, null, "1 while another cluster's platform does not answer and is not asked.");
        meter.CreateObservableGauge("tributary.klive.pieces_waiting", () => Waiting(), "{piece}", "Pieces of recordings that the platform has not taken yet.");
    }

    internal Func<int> Waiting { get; set; } = static () => 0;

    internal Func<bool> IsSilent { get; set; } = static () => false;

    internal void Called(string action, string outcome, TimeSpan took) => _asked.Record(
        took.TotalSeconds, new KeyValuePair<string, object?>("action", action), new KeyValuePair<string, object?>("outcome", outcome));

    internal void Uploaded(int bytes) => _uploaded.Add(bytes);

    internal void Decided(EntryVerdict verdict, bool asked) => _decisions.Add(
        1, new KeyValuePair<string, object?>("verdict", verdict.ToString()), new KeyValuePair<string, object?>("asked", asked));

    internal void CallFailed(string action) => _calls.Add(1, new KeyValuePair<string, object?>("action", action));

    internal void Piece(string outcome) => _pieces.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
