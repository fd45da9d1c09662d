using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Dash;

/// <summary>The manifests of one window: each is written once per change of the window, by the first who asks, and then shared.</summary>
public sealed class DashManifests
{
    readonly Lock _gate = new();
    readonly Cached?[] _cached = new Cached?[2];

    /// <summary>Null while the window has nothing to tell.</summary>
    /// <param name="view">The window.</param>
    /// <param name="lowLatency">Whether the segment that is being cut is listed, to be fetched chunk by chunk.</param>
    public PlaylistText? Manifest(WindowView view, bool lowLatency)
    {
        var slot = lowLatency ? 1 : 0;
        if (Volatile.Read(ref _cached[slot]) is { } cached && cached.Version >= view.Version)
        {
            return cached.Text;
        }

        lock (_gate)
        {
            if (_cached[slot] is not { } current || current.Version < view.Version)
            {
                Volatile.Write(ref _cached[slot], current = Write(view, lowLatency, _cached[slot]));
            }

            return current.Text;
        }
    }

    static Cached Write(WindowView view, bool lowLatency, Cached? before)
    {
        var periods = view.IsReady ? DashPeriod.Split(view, lowLatency, before?.Periods ?? []) : [];
        if (before is { Periods: [.., var last] } && (periods is [] || periods[^1].End < last.End)
            && (IsToCome(view, last.End - 1) || (periods is not [] && IsFollowed(view, last.End - 1))))
        {
            return before with { Version = view.Version };
        }

        var manifest = new DashManifest(view, periods, lowLatency, before?.Published ?? default);
        var text = manifest.Render();
        return new Cached(view.Version, text, [.. periods.Select(period => period with { Tracks = [] })], manifest.Published);
    }

    // While the next source begins a number anew that was listed as being cut there is nothing of it for a moment. Who asks for it waits for its first part.
    static bool IsToCome(WindowView view, long msn) =>
        view.Pause != WindowPause.OffAir && view.Segment(msn) is { Mark: not null } && view.Offered.Any(track => !view.IsOver(track, msn, 0));

    // A number that was listed as being cut, and given up, goes when the one after it comes: the list never ends earlier while a source is on air.
    static bool IsFollowed(WindowView view, long msn) => view.Pause is null && view.Offered.Any(track => track.End >= msn);

    sealed record Cached(long Version, PlaylistText? Text, IReadOnlyList<DashPeriod> Periods, DateTimeOffset Published);
}
