namespace Tributary.Media.Packaging.Vod.Fragments;

/// <summary>What stands around the moof of a fragment, and how its times are written.</summary>
/// <param name="Brands">
/// Brands of styp, which stands before the moof with a sidx, as DASH's segments have it (ISO/IEC 23009-1 §6.3.4.2); empty for neither.
/// </param>
/// <param name="KeyFlags">Sample flags of key frames.</param>
/// <param name="OtherFlags">Sample flags of frames that are not key frames.</param>
/// <param name="TakesDelayOff">
/// Whether presentation times have the delay of the file's first frame taken off, so that presentation begins with decoding.
/// </param>
readonly record struct FragmentForm(string Brands, uint KeyFlags, uint OtherFlags, bool TakesDelayOff)
{
    internal static FragmentForm HlsMuxed => new("", 0x0200_0000, 0x0101_0000, true);

    /// <summary>
    /// Of one track. Times begin with decoding where the manifest that named the segment was written for that: its version, which URLs carry, is 3.
    /// </summary>
    internal static FragmentForm Single(int version) =>
        version >= 3 ? new("msdhmsdhmsix", 0, 0x0001_0000, true) : new("iso6isomiso6dash", 0, 0x0001_0000, false);
}
