using System.Globalization;
using System.Text;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Fuzz.Targets;

/// <summary>Query strings of playlists: what is understood means the same when it is written down again.</summary>
[FuzzTarget("reload-directives")]
static class ReloadDirectivesTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (!ReloadDirectives.TryParse(Encoding.Latin1.GetString(input), out var directives))
        {
            return;
        }

        var (msn, part, isDelta) = directives;
        Holds.That(msn >= -1 && part >= -1, "A directive is negative.");
        Holds.That(part < 0 || msn >= 0, "A part is asked for without its segment.");
        var written = string.Create(CultureInfo.InvariantCulture,
            $"?x=1{(msn < 0 ? "" : $"&_HLS_msn={msn}")}{(part < 0 ? "" : $"&_HLS_part={part}")}{(isDelta ? "&_HLS_skip=YES" : "")}");
        Holds.That(ReloadDirectives.TryParse(written, out var again) && again == directives, "Directives do not survive being written.");
    }
}
