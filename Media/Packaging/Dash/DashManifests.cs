using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Dash;

/// <summary>The manifests of one window: each is written once per change of the window, by the first who asks, and then shared.</summary>
public sealed class DashManifests
{
    readonly Lock _gate = new();
    readonly Cached?[] _cached = new Cached?[2];
    readonly DashPeriod[][] _periods = [[], []];
    readonly DateTimeOffset[] _published = new DateTimeOffset[2];

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
                var periods = view.IsReady ? DashPeriod.Split(view, lowLatency, _periods[slot]) : [];
                _periods[slot] = [.. periods.Select(period => period with { Tracks = [] })];
                var manifest = new DashManifest(view, periods, lowLatency, _published[slot]);
                Volatile.Write(ref _cached[slot], current = new Cached(view.Version, manifest.Render()));
                _published[slot] = manifest.Published;
            }

            return current.Text;
        }
    }

    sealed record Cached(long Version, PlaylistText? Text);
}
