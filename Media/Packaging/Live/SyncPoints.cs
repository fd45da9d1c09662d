using System.Globalization;
using Tributary.Media.Containers;

namespace Tributary.Media.Packaging.Live;

/// <summary>
/// Points that tie a live stream's time to the wall clock, for pages that show things beside a picture: at the start of each segment an ID3 tag with the text
/// <c>{"objectType":"KalturaSyncPoint","timestamp":UNIX MILLISECONDS,"id":"ENTRY_RENDITION_NUMBER"}</c>. A function of the segment's mark: every gateway
/// writes the same. What the source itself says (<see cref="Frames.TimedMetadata"/>) has tags of its own beside them.
/// </summary>
public static class SyncPoints
{
    /// <summary>The same containers, with a point at each segment's start.</summary>
    public static SegmentMuxers In(SegmentMuxers muxers, string entry, int rendition) => muxers with
    {
        SyncPoint = mark => Id3Text.Tag(string.Create(
            CultureInfo.InvariantCulture, $"{{\"objectType\":\"KalturaSyncPoint\",\"timestamp\":{mark.ProgramDateTime.ToUnixTimeMilliseconds()},\"id\":\"{entry}_{rendition}_{mark.Msn}\"}}")),
    };
}
