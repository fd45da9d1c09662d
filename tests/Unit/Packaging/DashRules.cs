using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Tributary.Unit.Packaging;

/// <summary>A segment as a manifest lists it: times in ticks of <paramref name="Timescale"/>, counted from the period's start.</summary>
sealed record DashSegment(string Period, string Representation, long Number, long Time, long Duration, long Timescale, string Uri, string Init);

sealed record DashPeriodListed(string Id, TimeSpan Start, IReadOnlyList<DashSegment> Segments);

/// <summary>A live manifest as a player reads it.</summary>
sealed record ParsedManifest(
    DateTimeOffset AvailabilityStart, DateTimeOffset Published, bool Ended, bool LowLatency, IReadOnlyList<DashPeriodListed> Periods)
{
    public IEnumerable<DashSegment> Segments => Periods.SelectMany(period => period.Segments);
}

/// <summary>The rules of live MPEG-DASH that servers most often break (ISO/IEC 23009-1, DASH-IF IOP), as assertions on what a client gets.</summary>
static class DashRules
{
    static readonly XNamespace Mpd = "urn:mpeg:dash:schema:mpd:2011";

    /// <summary>The rules that one manifest keeps by itself.</summary>
    public static ParsedManifest Check(ReadOnlySpan<byte> bytes)
    {
        var root = XDocument.Parse(new UTF8Encoding(false, true).GetString(bytes)).Root!;
        Rule(root.Name == Mpd + "MPD" && (string?)root.Attribute("type") == "dynamic", "a live manifest is dynamic");
        Rule(root.Element(Mpd + "UTCTiming") is not null, "a live manifest names a clock");
        var ended = root.Attribute("minimumUpdatePeriod") is null;
        Rule(ended == root.Attribute("mediaPresentationDuration") is not null, "a manifest that is never updated again has a duration");
        Rule(Span(root, "timeShiftBufferDepth") > TimeSpan.Zero && Span(root, "suggestedPresentationDelay") > TimeSpan.Zero && Span(root, "minBufferTime") > TimeSpan.Zero,
            "depth, delay and buffer are told");
        var periods = root.Elements(Mpd + "Period").Select(CheckPeriod).ToList();
        Rule(periods.Count > 0 && periods.Select(period => period.Id).Distinct().Count() == periods.Count, "periods have names of their own");
        Rule(periods.Zip(periods.Skip(1)).All(pair => pair.First.Start < pair.Second.Start), "periods follow each other");
        var isLow = root.Element(Mpd + "ServiceDescription")?.Element(Mpd + "Latency") is not null;
        Rule(isLow == root.Descendants(Mpd + "SegmentTemplate").Any(template => (string?)template.Attribute("availabilityTimeComplete") == "false"),
            "a target latency and segments that come in chunks go together");
        Rule(!isLow || root.Descendants(Mpd + "AdaptationSet").All(set => set.Element(Mpd + "ProducerReferenceTime") is not null), "low latency tells the producer's clock");
        return new ParsedManifest(Date(root, "availabilityStartTime"), Date(root, "publishTime"), ended, isLow, periods);
    }

    /// <summary>The rules that a manifest keeps from one update to the next, at the same gateway or another.</summary>
    public static void CheckUpdate(ParsedManifest before, ParsedManifest after)
    {
        Rule(before.AvailabilityStart == after.AvailabilityStart, "availabilityStartTime never changes");
        Rule(after.Published >= before.Published, "publishTime never goes back");
        var starts = before.Periods.ToDictionary(period => period.Id, period => period.Start);
        Rule(after.Periods.All(period => !starts.TryGetValue(period.Id, out var start) || start == period.Start), "a period keeps its start");
        var known = before.Segments.ToDictionary(segment => (segment.Representation, segment.Number));
        var edge = before.Segments.Max(segment => segment.Number);
        foreach (var segment in after.Segments)
        {
            if (known.TryGetValue((segment.Representation, segment.Number), out var same))
            {
                // That a track failed is known when the others are two segments further: in low latency those are listed by then.
                if (before.LowLatency && segment.Period != same.Period && segment.Number >= edge - 1)
                {
                    continue;
                }

                // What is still being cut is as long as its predecessor, until it is complete.
                var wasOpen = before.LowLatency && before.Segments.Last(other => other.Representation == same.Representation) == same;
                Rule(same == segment || (wasOpen && same with { Duration = segment.Duration } == segment), $"segment {segment.Number} stays what it was: {same}, {segment}");
            }
        }

        // What is still being cut when its source is lost may be withdrawn: the period ends before it (DASH-IF IOP, early termination).
        var now = after.Segments.Max(segment => segment.Number);
        Rule(now >= (before.LowLatency ? edge - 1 : edge), $"the live edge never goes back ({edge} to {now})");
    }

    static DashPeriodListed CheckPeriod(XElement period)
    {
        var id = (string?)period.Attribute("id") ?? "";
        Rule(id.Length > 0, "a period has a name");
        var segments = new List<DashSegment>();
        foreach (var set in period.Elements(Mpd + "AdaptationSet"))
        {
            Rule((string?)set.Attribute("segmentAlignment") == "true" && (string?)set.Attribute("startWithSAP") == "1", "segments are aligned and start with access points");
            foreach (var representation in set.Elements(Mpd + "Representation"))
            {
                Rule(Long(representation, "bandwidth") > 0 && representation.Attribute("codecs") is not null, "a representation tells bandwidth and codecs");
                segments.AddRange(CheckTimeline(id, representation));
            }
        }

        Rule(segments.Count > 0, "a period has segments");
        return new DashPeriodListed(id, Span(period, "start"), segments);
    }

    static List<DashSegment> CheckTimeline(string period, XElement representation)
    {
        var template = representation.Element(Mpd + "SegmentTemplate")!;
        var (timescale, offset, number) = (Long(template, "timescale"), Long(template, "presentationTimeOffset"), Long(template, "startNumber"));
        var (name, media, init) = ((string)representation.Attribute("id")!, (string)template.Attribute("media")!, (string)template.Attribute("initialization")!);
        var segments = new List<DashSegment>();
        long? next = null;
        foreach (var entry in template.Element(Mpd + "SegmentTimeline")!.Elements(Mpd + "S"))
        {
            var time = entry.Attribute("t") is null ? next!.Value : Long(entry, "t") - offset;
            Rule(next is null || Math.Abs(time - next.Value) <= 1, $"{name} has no gap and no overlap at {time}: {next}");
            for (var repeat = entry.Attribute("r") is null ? 0 : Long(entry, "r"); repeat >= 0; repeat--)
            {
                var duration = Long(entry, "d");
                Rule(duration > 0, "a segment has a duration");
                var uri = media.Replace("$Number$", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
                segments.Add(new DashSegment(period, name, number++, time, duration, timescale, uri, init));
                time += duration;
            }

            next = time;
        }

        return segments;
    }

    static TimeSpan Span(XElement element, string attribute) => XmlConvert.ToTimeSpan((string?)element.Attribute(attribute) ?? throw new DashRuleException($"{attribute} is there"));

    static DateTimeOffset Date(XElement element, string attribute) => XmlConvert.ToDateTimeOffset((string?)element.Attribute(attribute) ?? throw new DashRuleException($"{attribute} is there"));

    static long Long(XElement element, string attribute) =>
        long.Parse((string?)element.Attribute(attribute) ?? throw new DashRuleException($"{attribute} is there"), NumberStyles.None, CultureInfo.InvariantCulture);

    static void Rule(bool kept, string rule)
    {
        if (!kept)
        {
            throw new DashRuleException(rule);
        }
    }
}

sealed class DashRuleException(string rule) : Exception($"A rule of DASH is broken: {rule}.");

/// <summary>The manifests that one client got, one after the other.</summary>
sealed class DashHistory
{
    readonly SortedSet<long> _withdrawn = [];
    ParsedManifest? _before;

    /// <summary>Numbers that were listed while they were cut, and are not any more.</summary>
    public IReadOnlyCollection<long> Withdrawn => _withdrawn;

    public void Add(ParsedManifest now)
    {
        if (_before is { } before)
        {
            DashRules.CheckUpdate(before, now);
            var last = now.Segments.Max(segment => segment.Number);
            _withdrawn.UnionWith(before.Segments.Select(segment => segment.Number).Where(number => number > last));
        }

        _before = now;
        if (now.Segments.FirstOrDefault(segment => _withdrawn.Contains(segment.Number)) is { } again)
        {
            throw new DashRuleException($"what was withdrawn does not come back: {again}");
        }
    }
}
