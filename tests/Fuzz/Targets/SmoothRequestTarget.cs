using System.Text;
using Tributary.Media.Packaging.Smooth;

namespace Tributary.Fuzz.Targets;

/// <summary>Paths of Smooth Streaming: what is understood names a track, and is what a manifest's template gives.</summary>
[FuzzTarget("smooth-request")]
static class SmoothRequestTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var path = Encoding.Latin1.GetString(input);
        if (!SmoothRequest.TryParse(path, out var request))
        {
            return;
        }

        Holds.That(request.Track is > 0 and < 1_000 && request.Time >= 0, "A path without a track or a time is understood.");
        var name = request.IsVideo ? "video" : $"audio{request.Track}";
        Holds.That(path.EndsWith(')') && path.Contains(name[..5], StringComparison.OrdinalIgnoreCase), "A path that no template gives is understood.");
    }
}
