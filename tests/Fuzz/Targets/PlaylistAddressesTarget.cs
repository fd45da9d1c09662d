using System.Text;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Fuzz.Targets;

/// <summary>Places of addresses in playlists and manifests: in order, within the text, and each behind something.</summary>
[FuzzTarget("playlist-addresses")]
static class PlaylistAddressesTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var text = new PlaylistText(input.ToArray());
        var last = 0;
        foreach (var (end, _) in text.Addresses)
        {
            Holds.That(end > 0 && end <= input.Length && end >= last, "A place is outside the text, or before another.");
            last = end;
        }

        Holds.That(text.ManifestHead <= input.Length, "A manifest's head is longer than the manifest.");
        Holds.That(text.ManifestHead == 0 || Encoding.Latin1.GetString(input[..text.ManifestHead]).EndsWith(">\n", StringComparison.Ordinal), "A head does not end with its tag.");
    }
}
