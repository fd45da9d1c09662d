using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

// The tags of one number: what begins with it, its parts, and the segment.
sealed partial class MediaPlaylist
{
    void WriteStart(PlaylistWriter writer, LiveSegment segment, InitSegment? init, TrackView carrier, ref SegmentMark? previous, ref (InitSegment Init, string Name)? map)
    {
        var mark = MarkAt(segment);
        for (var tags = Discontinuities(mark, previous); tags > 0; tags--)
        {
            writer.Add("#EXT-X-DISCONTINUITY\n"u8);
        }

        previous = mark ?? previous;
        // By its address too: what is listed keeps its map when the segment before it, which told the same one under another's name, is listed no more.
        if (form == HlsForm.Cmaf && init is not null && (init.Number != map?.Init.Number || carrier.Name != map?.Name))
        {
            map = (init, carrier.Name);
            WriteMap(writer, init, carrier.Name);
        }
    }

    static long Discontinuities(SegmentMark? mark, SegmentMark? previous)
    {
        if (mark is null)
        {
            return 0;
        }

        var jump = previous is null ? 0 : Math.Min(mark.DiscontinuitySequence - previous.DiscontinuitySequence, 8);
        return Math.Max(jump, mark.StartsDiscontinuity ? 1 : 0);
    }

    static void WriteMap(PlaylistWriter writer, InitSegment map, string name) =>
        writer.Add("#EXT-X-MAP:URI=\"init-"u8).Add(name).Add("-"u8).AddHex(map.Number).Add(".mp4\"\n"u8);

    static void WriteDate(PlaylistWriter writer, SegmentMark? mark, TrackPart[]? parts)
    {
        if (mark is not null)
        {
            writer.Add("#EXT-X-PROGRAM-DATE-TIME:"u8).Add(mark.ProgramDateTime + Offset(mark, parts)).End();
        }
    }

    void WriteParts(PlaylistWriter writer, long msn, TrackPart[] parts, TrackView carrier)
    {
        var target = MediaTime.RescaleNearest(view.PartTarget90k, MediaTime.Hz90k, 1_000_000);
        for (var number = 0; number < parts.Length; number++)
        {
            var micros = MediaTime.RescaleNearest(parts[number].Duration, carrier.Info.Timescale, 1_000_000);
            writer.Add("#EXT-X-PART:DURATION="u8).AddDecimal(Math.Clamp(micros, 1, target), 6);
            writer.Add(parts[number].StartsWithKey ? ",INDEPENDENT=YES,URI=\"part-"u8 : ",URI=\"part-"u8);
            writer.Add(msn).Add("-"u8).Add(number).Add("-"u8).Add(carrier.Name).Add(".m4s\"\n"u8);
        }

        if (_leading.Broken.ContainsKey(msn) && msn < End && parts.Length > 0)
        {
            WriteLost(writer, msn, parts, carrier, target);
        }
    }

    // What there is of a number that was given up within stays listed until the next source closes it as a gap.
    TrackPart[] PartsOf(LiveSegment segment, TrackSegment? share, TrackView carrier) =>
        share?.Parts ?? (_leading.Broken.ContainsKey(segment.Msn) ? segment.Parts(carrier.Slot) : []);

    // What never came of the number in which the source broke off (RFC 8216bis §4.4.4.9: GAP).
    void WriteLost(PlaylistWriter writer, long msn, TrackPart[] parts, TrackView carrier, long target)
    {
        var whole = MediaTime.RescaleNearest(_leading.Broken[msn], MediaTime.Hz90k, 1_000_000);
        var missing = whole - parts.Sum(part => MediaTime.RescaleNearest(part.Duration, carrier.Info.Timescale, 1_000_000));
        for (var number = parts.Length; missing > 0; number++, missing -= target)
        {
            writer.Add("#EXT-X-PART:DURATION="u8).AddDecimal(Math.Min(missing, target), 6).Add(",GAP=YES,URI=\"part-"u8);
            writer.Add(msn).Add("-"u8).Add(number).Add("-"u8).Add(carrier.Name).Add(".m4s\"\n"u8);
        }
    }

    void WriteSegment(PlaylistWriter writer, LiveSegment segment, TrackSegment? track, TrackView[] carriers)
    {
        if (track is null or { IsGap: true })
        {
            writer.Add("#EXT-X-GAP\n"u8);
        }

        writer.Add("#EXTINF:"u8).AddDecimal(ListedMicros(segment, track), 6).Add(",\nseg-"u8).Add(segment.Msn);
        foreach (var carrier in carriers)
        {
            writer.Add("-"u8).Add(carrier.Name);
        }

        writer.Add(form == HlsForm.Cmaf ? ".m4s\n"u8 : ".ts\n"u8);
    }

    // A segment's first audio frame rarely starts where its first picture does; one clock for all renditions says how far apart they are.
    static TimeSpan Offset(SegmentMark mark, TrackPart[]? parts)
    {
        if (parts is null or [])
        {
            return TimeSpan.Zero;
        }

        var offset = MediaTime.ToTimeSpan(parts[0].Frames[0].Pts90k - mark.Start90k, MediaTime.Hz90k);
        return offset.Duration() < Largest ? offset : TimeSpan.Zero;
    }

    // Rounded, no EXTINF may exceed the target (RFC 8216 §4.3.3.1), and the target may not change.
    long ListedMicros(LiveSegment segment, TrackSegment? track)
    {
        var (ticks, timescale) = _leading.Broken.TryGetValue(segment.Msn, out var whole90k) ? (whole90k, MediaTime.Hz90k)
            : (track?.Duration ?? segment.Duration90k, track?.Timescale ?? MediaTime.Hz90k);
        return Math.Clamp(MediaTime.RescaleNearest(ticks, timescale, 1_000_000), 1, view.TargetDuration * 1_000_000L + 499_999);
    }
}
