using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Smooth;

/// <summary>
/// The manifest of one window, written once per change and then shared. While no source is on air all fragments are listed; when one goes on, those whose
/// next two are still to come stay listed, and are served when they have.
/// </summary>
public sealed class SmoothManifests(TimeSpan window)
{
    readonly Lock _gate = new();
    (long Version, int Generation, long Last, PlaylistText? Text) _newest = (-1, 0, -1, null);

    /// <summary>Null where nothing is listed that the protocol can carry.</summary>
    public PlaylistText? Manifest(WindowView view)
    {
        lock (_gate)
        {
            if (_newest.Version >= view.Version)
            {
                return _newest.Text;
            }

            var listed = view.Generation == _newest.Generation && view.Segment(_newest.Last) is not null ? _newest.Last : -1;
            var last = SmoothManifest.LastOf(view, listed);
            _newest = last < listed
                ? _newest with { Version = view.Version }
                : (view.Version, view.Generation, last, SmoothManifest.Render(view, window, listed));
            return _newest.Text;
        }
    }
}
