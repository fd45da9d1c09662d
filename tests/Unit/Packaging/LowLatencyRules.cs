using static Tributary.Unit.Packaging.HlsRules;

namespace Tributary.Unit.Packaging;

/// <summary>
/// The rules of low-latency HLS (RFC 8216bis, and Apple's authoring specification where it asks for more), as assertions on what a client gets.
/// </summary>
static class LowLatencyRules
{
    /// <summary>The rules that one media playlist keeps by itself.</summary>
    public static void Check(ParsedPlaylist playlist)
    {
        CheckServerControl(playlist);
        Rule(playlist.Skipped == 0 || playlist.Version >= 9, "EXT-X-SKIP needs VERSION 9");
        if (playlist.PartTarget is not { } target)
        {
            Rule(playlist.Parts.Count == 0 && playlist.Hint is null && playlist.Reports.Count == 0, "parts need PART-INF");
            return;
        }

        Rule(playlist.Parts.All(part => part.Duration > 0 && part.Duration <= target), "no part is longer than PART-TARGET");
        Rule(!playlist.Ended || playlist.Hint is null, "nothing is hinted at after the end");
        foreach (var segment in playlist.Segments)
        {
            var parts = playlist.Parts.Where(part => part.Msn == segment.Msn).ToList();
            var missing = segment.Duration - parts.Sum(part => part.Duration);
            Rule(parts.Count == 0 || segment.Gap || Math.Abs(missing) <= 0.001m || (missing > 0 && parts.Any(part => part.Duration == target)),
                $"the parts of {segment.Msn} are as long as it");
        }

        var edge = playlist.Segments[^1].Msn + 1;
        Rule(playlist.Parts.All(part => part.Msn <= edge), "only the open segment has parts without a segment");
        Rule(playlist.Parts.Where(part => part.Msn == edge).All(part => part.Number < playlist.Parts.Count), "parts count from 0");
        CheckKept(playlist);
    }

    /// <summary>From one reload to the next, at the same gateway or another: a part stays what it was.</summary>
    public static void CheckReload(ParsedPlaylist before, ParsedPlaylist after)
    {
        Rule(before.PartTarget == after.PartTarget, "PART-TARGET never changes");
        Rule(after.Edge.CompareTo(before.Edge) >= 0 || after.Segments[^1].Msn >= before.Edge.Msn, "the live edge never goes back");
        var known = before.Parts.ToDictionary(part => (part.Msn, part.Number));
        foreach (var part in after.Parts)
        {
            Rule(!known.TryGetValue((part.Msn, part.Number), out var same) || same == part, $"part {part.Number} of {part.Msn} stays what it was");
        }
    }

    /// <summary>A delta update with what a player had before is the whole playlist.</summary>
    public static void CheckDelta(ParsedPlaylist whole, ParsedPlaylist delta)
    {
        Rule(whole.MediaSequence == delta.MediaSequence, "a delta update keeps the MEDIA-SEQUENCE");
        Rule(whole.Segments.Skip(delta.Skipped).Select(segment => segment with { Map = null, DiscontinuitySequence = 0 })
            .SequenceEqual(delta.Segments.Select(segment => segment with { Map = null, DiscontinuitySequence = 0 })), "a delta update lists the rest");
        Rule(whole.Parts.SequenceEqual(delta.Parts) && whole.Hint == delta.Hint, "a delta update has every part");
        var boundary = Decimal(whole.ServerControl["CAN-SKIP-UNTIL"]);
        var kept = delta.Segments.Sum(segment => segment.Duration) + whole.Parts.Where(part => part.Msn > whole.Segments[^1].Msn).Sum(part => part.Duration);
        Rule(delta.Skipped == 0 || kept >= boundary, "nothing within the skip boundary is left out");
    }

    static void CheckServerControl(ParsedPlaylist playlist)
    {
        var control = playlist.ServerControl;
        Rule(control.GetValueOrDefault("CAN-BLOCK-RELOAD") == "YES", "CAN-BLOCK-RELOAD=YES");
        Rule(Decimal(control["HOLD-BACK"]) >= 3 * playlist.TargetDuration, "HOLD-BACK is at least three target durations");
        Rule(Decimal(control["CAN-SKIP-UNTIL"]) >= 6 * playlist.TargetDuration, "CAN-SKIP-UNTIL is at least six target durations");
        Rule(playlist.PartTarget is not { } target || Decimal(control["PART-HOLD-BACK"]) >= 3 * target, "PART-HOLD-BACK is at least three part targets");
    }

    // A part may go once it is three target durations away from the end, and not before.
    static void CheckKept(ParsedPlaylist playlist)
    {
        if (playlist.Parts.Count == 0)
        {
            return;
        }

        var after = playlist.Parts.Where(part => part.Msn > playlist.Segments[^1].Msn).Sum(part => part.Duration);
        foreach (var segment in playlist.Segments.Reverse())
        {
            Rule(segment.Gap || after >= 3 * playlist.TargetDuration || playlist.Parts.Any(part => part.Msn == segment.Msn),
                $"parts of {segment.Msn} stay listed for three target durations");
            after += segment.Duration;
        }
    }
}
