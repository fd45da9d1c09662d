using System.Text;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;

namespace Tributary.Fuzz.Targets;

/// <summary>Paths below a location of every packager: what is understood names sources, and numbers that can be.</summary>
[FuzzTarget("vod-url")]
static class VodUrlTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var packaging = (VodPackaging)(input[0] % (int)(VodPackaging.VolumeMap + 1));
        var path = Encoding.Latin1.GetString(input[1..]);
        if (!VodUrlGrammar.TryParse(path, packaging, PackagingOptions.Default, out var url, out var reason))
        {
            Holds.That(reason.EndsWith('.'), "A refusal says nothing.");
            return;
        }

        Holds.That(url.Sources.Count is > 0 and <= VodUrlGrammar.MaxSources, "A URL names no source, or too many.");
        Holds.That(url.Request.SegmentIndex is null or >= 0 && url.Request.ClipIndex is null or >= 0, "A number below the first is understood.");
        foreach (var source in url.Sources)
        {
            Holds.That(source.ClipFrom >= 0 && (source.ClipTo ?? long.MaxValue) > source.ClipFrom, "A clip that ends before it begins is understood.");
            Holds.That(source.Speed is >= 0.5m and <= 2, "A speed that no filter makes is understood.");
        }
    }
}
