using System.Diagnostics.Metrics;

namespace Tributary.Grains.KLive;

/// <summary>What a node counts as a media server of the platform.</summary>
public sealed class KLiveMetrics
{
    readonly Counter<long> _decisions;
    readonly Counter<long> _calls;
    readonly Counter<long> _pieces;

    public KLiveMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.KLive");
        _decisions = meter.CreateCounter<long>("tributary.klive.decisions", "{publisher}", "Publishers of entries, by what was decided and whether the platform was asked.");
        _calls = meter.CreateCounter<long>("tributary.klive.calls_failed", "{call}", "Calls that the platform refused or did not answer, by action.");
        _pieces = meter.CreateCounter<long>("tributary.klive.pieces", "{piece}", "Pieces of recordings, by what became of them.");
        meter.CreateObservableGauge("tributary.klive.pieces_waiting", () => Waiting(), "{piece}", "Pieces of recordings that the platform has not taken yet.");
    }

    internal Func<int> Waiting { get; set; } = static () => 0;

    internal void Decided(EntryVerdict verdict, bool asked) => _decisions.Add(
        1, new KeyValuePair<string, object?>("verdict", verdict.ToString()), new KeyValuePair<string, object?>("asked", asked));

    internal void CallFailed(string action) => _calls.Add(1, new KeyValuePair<string, object?>("action", action));

    internal void Piece(string outcome) => _pieces.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
