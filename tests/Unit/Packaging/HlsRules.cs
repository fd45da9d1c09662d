using System.Globalization;
using System.Text;

namespace Tributary.Unit.Packaging;

/// <summary>A segment as a media playlist lists it.</summary>
sealed record ListedSegment(
    long Msn, string Uri, decimal Duration, bool Gap, int Discontinuities, long DiscontinuitySequence, string? Map, DateTimeOffset? ProgramDateTime);

/// <summary>A media playlist, read as strictly as RFC 8216 is written.</summary>
sealed record ParsedPlaylist(
    int Version, int TargetDuration, long MediaSequence, long DiscontinuitySequence, bool Independent, bool Ended, IReadOnlyList<ListedSegment> Segments)
{
    /// <summary>Segments that a delta update leaves out before the first that it lists.</summary>
    public int Skipped { get; init; }

    public IReadOnlyDictionary<string, string> ServerControl { get; init; } = new Dictionary<string, string>();

    /// <summary>In seconds; null where the playlist knows no parts.</summary>
    public decimal? PartTarget { get; init; }

    public IReadOnlyList<ListedPart> Parts { get; init; } = [];

    /// <summary>URI of the part that comes next.</summary>
    public string? Hint { get; init; }

    public IReadOnlyList<RenditionReport> Reports { get; init; } = [];

    /// <summary>The last place that is listed: number, and part or -1 for all of it.</summary>
    public (long Msn, int Part) Edge =>
        Parts is [.., var last] && last.Msn > Segments[^1].Msn ? (last.Msn, last.Number) : (Segments[^1].Msn, -1);
}

/// <summary>A part as a media playlist lists it.</summary>
sealed record ListedPart(long Msn, int Number, string Uri, decimal Duration, bool Independent);

sealed record RenditionReport(string Uri, long LastMsn, int? LastPart);

/// <summary>A variant or rendition of a master playlist: its attributes, and its URI.</summary>
sealed record ParsedVariant(string Tag, IReadOnlyDictionary<string, string> Attributes, string Uri);

/// <summary>
/// The rules of plain HLS that servers most often break, as assertions on what a client gets: RFC 8216 and Apple's authoring specification.
/// Each method throws <see cref="HlsRuleException"/> with the rule that is broken.
/// </summary>
static class HlsRules
{
    public static ParsedPlaylist ParseMedia(ReadOnlySpan<byte> bytes)
    {
        var lines = Lines(bytes);
        int? version = null, target = null;
        long? mediaSequence = null, discontinuitySequence = null;
        var (independent, ended, gap) = (false, false, false);
        var segments = new List<ListedSegment>();
        decimal? duration = null;
        DateTimeOffset? date = null;
        string? map = null;
        var (tags, discontinuities) = (0, 0L);
        var parts = new List<ListedPart>();
        var reports = new List<RenditionReport>();
        var control = new Dictionary<string, string>();
        decimal? partTarget = null;
        string? hint = null;
        var skipped = 0;
        foreach (var line in lines.Skip(1))
        {
            Rule(!ended, "nothing follows EXT-X-ENDLIST");
            var (tag, value) = Split(line);
            var msn = (mediaSequence ?? 0) + skipped + segments.Count;
            switch (tag)
            {
                case "#EXT-X-VERSION": Once(ref version, Int(value), tag); break;
                case "#EXT-X-TARGETDURATION": Once(ref target, Int(value), tag); break;
                case "#EXT-X-MEDIA-SEQUENCE": Once(ref mediaSequence, Long(value), tag); Rule(segments.Count == 0, "MEDIA-SEQUENCE comes first"); break;
                case "#EXT-X-DISCONTINUITY-SEQUENCE":
                    Once(ref discontinuitySequence, Long(value), tag);
                    Rule(segments.Count == 0 && tags == 0, "DISCONTINUITY-SEQUENCE comes before segments and discontinuities");
                    break;
                case "#EXT-X-INDEPENDENT-SEGMENTS": independent = true; break;
                case "#EXT-X-ENDLIST": ended = true; break;
                case "#EXT-X-DISCONTINUITY": tags++; discontinuities++; break;
                case "#EXT-X-GAP": gap = true; break;
                case "#EXT-X-MAP": map = Attributes(value)["URI"]; break;
                case "#EXT-X-PROGRAM-DATE-TIME": date = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture); break;
                case "#EXT-X-SERVER-CONTROL": Rule(control.Count == 0, "SERVER-CONTROL comes once"); control = Attributes(value); break;
                case "#EXT-X-PART-INF": Once(ref partTarget, Decimal(Attributes(value)["PART-TARGET"]), tag); break;
                case "#EXT-X-SKIP": Rule(segments.Count == 0 && skipped == 0, "SKIP comes once and first"); skipped = Int(Attributes(value)["SKIPPED-SEGMENTS"]); break;
                case "#EXT-X-PART":
                    Rule(hint is null, "no part follows the hint");
                    var part = Attributes(value);
                    parts.Add(new ListedPart(msn, parts.Count(known => known.Msn == msn), part["URI"], Decimal(part["DURATION"]),
                        part.GetValueOrDefault("INDEPENDENT") == "YES"));
                    break;
                case "#EXT-X-PRELOAD-HINT":
                    Rule(hint is null && Attributes(value)["TYPE"] == "PART", "there is one hint, at a part");
                    hint = Attributes(value)["URI"];
                    break;
                case "#EXT-X-RENDITION-REPORT":
                    var report = Attributes(value);
                    reports.Add(new RenditionReport(
                        report["URI"], Long(report["LAST-MSN"]), report.TryGetValue("LAST-PART", out var last) ? Int(last) : null));
                    break;
                case "#EXTINF":
                    Rule(value.EndsWith(','), "EXTINF ends with a comma");
                    duration = decimal.Parse(value[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
                    break;
                default:
                    Rule(!line.StartsWith('#'), $"unknown tag {line}");
                    Rule(duration is not null, "every URI has an EXTINF");
                    segments.Add(new ListedSegment(msn, line, duration!.Value, gap, tags,
                        (discontinuitySequence ?? 0) + discontinuities, map, date));
                    (duration, date, gap, tags) = (null, null, false, 0);
                    break;
            }
        }

        var isOpen = parts is [.., var newest] && newest.Msn > (mediaSequence ?? 0) + skipped + segments.Count - 1;
        Rule(duration is null && !gap && (tags == 0 || isOpen), "no tag without its segment at the end");
        Rule(version is not null && target is not null && mediaSequence is not null, "VERSION, TARGETDURATION and MEDIA-SEQUENCE are there");
        return new ParsedPlaylist(version!.Value, target!.Value, mediaSequence!.Value, discontinuitySequence ?? 0, independent, ended, segments)
        {
            Skipped = skipped, ServerControl = control, PartTarget = partTarget, Parts = parts, Hint = hint, Reports = reports,
        };
    }

    /// <summary>The rules that one media playlist keeps by itself.</summary>
    public static ParsedPlaylist CheckMedia(ReadOnlySpan<byte> bytes)
    {
        var playlist = ParseMedia(bytes);
        Rule(playlist.Segments.Count > 0, "a playlist lists a segment");
        foreach (var segment in playlist.Segments)
        {
            Rule(segment.Duration > 0, "an EXTINF is positive");
            Rule(Math.Round(segment.Duration, MidpointRounding.AwayFromZero) <= playlist.TargetDuration,
                $"EXTINF {segment.Duration} rounded is at most TARGETDURATION {playlist.TargetDuration}");
            Rule(segment.ProgramDateTime is not null || segment.Discontinuities == 0 || segment.Gap, "a discontinuity has a PROGRAM-DATE-TIME");
            Rule(segment.Gap || !segment.Uri.EndsWith(".m4s", StringComparison.Ordinal) || segment.Map is not null, "fMP4 has an EXT-X-MAP");
        }

        Rule(playlist.Version >= 3, "decimals need VERSION 3");
        Rule(playlist.Segments.All(segment => segment.Map is null) || playlist.Version >= 6, "EXT-X-MAP needs VERSION 6");
        Rule(playlist.Segments.All(segment => !segment.Gap) || playlist.Version >= 8, "EXT-X-GAP needs VERSION 8");
        CheckDates(playlist);
        LowLatencyRules.Check(playlist);
        return playlist;
    }

    /// <summary>The rules that a media playlist keeps from one reload to the next, at the same gateway or another.</summary>
    public static void CheckReload(ParsedPlaylist before, ParsedPlaylist after)
    {
        Rule(before.TargetDuration == after.TargetDuration, "TARGETDURATION never changes");
        Rule(after.MediaSequence >= before.MediaSequence, $"MEDIA-SEQUENCE never goes back ({before.MediaSequence} to {after.MediaSequence})");
        Rule(after.Segments[^1].Msn >= before.Segments[^1].Msn, $"the live edge never goes back ({before.Segments[^1].Msn} to {after.Segments[^1].Msn})");
        Rule(!before.Ended, "nothing follows a playlist with ENDLIST");
        var known = before.Segments.ToDictionary(segment => segment.Msn);
        foreach (var segment in after.Segments)
        {
            if (known.TryGetValue(segment.Msn, out var same))
            {
                Rule(same with { Discontinuities = 0, Map = null } == segment with { Discontinuities = 0, Map = null }, $"segment {segment.Msn} stays what it was: {same}, {segment}");
                Rule(same.Map == segment.Map || same.Gap, $"segment {segment.Msn} keeps its map");
            }
        }

        var removed = before.Segments.Where(segment => segment.Msn < after.MediaSequence).ToList();
        if (removed.Count > 0 && !after.Ended)
        {
            Rule(after.Segments.Sum(segment => segment.Duration) >= 3 * after.TargetDuration, "no removal below three target durations");
        }
    }

    /// <summary>Two renditions of one stream: where both list a number, they agree on discontinuities and on the clock.</summary>
    public static void CheckAligned(ParsedPlaylist one, ParsedPlaylist other)
    {
        Rule(one.TargetDuration == other.TargetDuration, "renditions share one TARGETDURATION");
        var known = other.Segments.ToDictionary(segment => segment.Msn);
        foreach (var segment in one.Segments)
        {
            if (known.TryGetValue(segment.Msn, out var same))
            {
                Rule(same.DiscontinuitySequence == segment.DiscontinuitySequence, $"renditions agree on the discontinuities of {segment.Msn}");
                var apart = (same.ProgramDateTime - segment.ProgramDateTime)?.Duration() ?? TimeSpan.Zero;
                Rule(apart < TimeSpan.FromMilliseconds(200), $"renditions agree on the clock of {segment.Msn}: {apart}");
            }
        }
    }

    public static IReadOnlyList<ParsedVariant> CheckMaster(ReadOnlySpan<byte> bytes)
    {
        var variants = new List<ParsedVariant>();
        ParsedVariant? open = null;
        foreach (var line in Lines(bytes).Skip(1))
        {
            var (tag, value) = Split(line);
            if (tag is "#EXT-X-STREAM-INF")
            {
                open = new ParsedVariant(tag, Attributes(value), "");
            }
            else if (tag is "#EXT-X-MEDIA")
            {
                var attributes = Attributes(value);
                Rule(attributes.ContainsKey("GROUP-ID") && attributes.ContainsKey("NAME") && attributes.ContainsKey("TYPE"), "EXT-X-MEDIA is complete");
                variants.Add(new ParsedVariant(tag, attributes, attributes["URI"]));
            }
            else if (!line.StartsWith('#'))
            {
                Rule(open is not null, "a URI follows EXT-X-STREAM-INF");
                variants.Add(open! with { Uri = line });
                open = null;
            }
            else
            {
                Rule(tag is "#EXT-X-VERSION" or "#EXT-X-INDEPENDENT-SEGMENTS", $"unknown tag {line}");
            }
        }

        Rule(open is null && variants.Any(variant => variant.Tag == "#EXT-X-STREAM-INF"), "there is a variant, and each has its URI");
        foreach (var variant in variants.Where(variant => variant.Tag == "#EXT-X-STREAM-INF"))
        {
            CheckVariant(variant, variants);
        }

        return variants;
    }

    static void CheckVariant(ParsedVariant variant, List<ParsedVariant> all)
    {
        var attributes = variant.Attributes;
        var bandwidth = Long(attributes["BANDWIDTH"]);
        Rule(bandwidth > 0, "BANDWIDTH is positive");
        Rule(!attributes.TryGetValue("AVERAGE-BANDWIDTH", out var average) || Long(average) <= bandwidth, "the average is at most the peak");
        Rule(attributes.ContainsKey("CODECS"), "CODECS is there");
        Rule(attributes.GetValueOrDefault("CLOSED-CAPTIONS") == "NONE", "CLOSED-CAPTIONS=NONE on all");
        var isVideo = attributes["CODECS"].Split(',').Any(codec => codec[..4] is "avc1" or "hvc1" or "av01" or "vp09");
        Rule(isVideo == attributes.ContainsKey("RESOLUTION"), "video has a RESOLUTION");
        var groups = all.Where(media => media.Tag == "#EXT-X-MEDIA").Select(media => media.Attributes["GROUP-ID"]).ToHashSet();
        Rule(groups.Count == 0 ? !attributes.ContainsKey("AUDIO") : groups.Contains(attributes.GetValueOrDefault("AUDIO") ?? ""), "AUDIO names a group");
    }

    // The clock and the media agree as long as nothing is discontinuous.
    static void CheckDates(ParsedPlaylist playlist)
    {
        for (var index = 1; index < playlist.Segments.Count; index++)
        {
            var (last, next) = (playlist.Segments[index - 1], playlist.Segments[index]);
            if (next.Discontinuities == 0 && !last.Gap && !next.Gap && last.ProgramDateTime is { } from && next.ProgramDateTime is { } to)
            {
                var drift = (to - from - TimeSpan.FromSeconds((double)last.Duration)).Duration();
                Rule(drift < TimeSpan.FromMilliseconds(100), $"PROGRAM-DATE-TIME and EXTINF agree at {next.Msn}: {drift}");
            }
        }
    }

    internal static decimal Decimal(string text) => decimal.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

    static string[] Lines(ReadOnlySpan<byte> bytes)
    {
        Rule(!bytes.StartsWith(Encoding.UTF8.Preamble), "no byte order mark");
        var text = new UTF8Encoding(false, true).GetString(bytes);
        Rule(!text.Contains('\r') && text.EndsWith('\n'), "lines end with LF");
        var lines = text[..^1].Split('\n');
        Rule(lines[0] == "#EXTM3U" && lines.All(line => line.Length > 0), "EXTM3U is the first line, and none is empty");
        return lines;
    }

    static (string Tag, string Value) Split(string line)
    {
        var colon = line.StartsWith('#') ? line.IndexOf(':') : -1;
        return colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..]);
    }

    static Dictionary<string, string> Attributes(string text)
    {
        var attributes = new Dictionary<string, string>();
        while (text.Length > 0)
        {
            var equals = text.IndexOf('=');
            var quoted = text[equals + 1] == '"';
            var end = quoted ? text.IndexOf('"', equals + 2) + 1 : text.IndexOf(',', equals);
            end = end <= 0 ? text.Length : end;
            Rule(attributes.TryAdd(text[..equals], text[(equals + 1)..end].Trim('"')), "an attribute comes once");
            text = end < text.Length ? text[(end + 1)..] : "";
        }

        return attributes;
    }

    static void Once<T>(ref T? place, T value, string tag) where T : struct
    {
        Rule(place is null, $"{tag} comes once");
        place = value;
    }

    static int Int(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    static long Long(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    internal static void Rule(bool kept, string rule)
    {
        if (!kept)
        {
            throw new HlsRuleException(rule);
        }
    }
}

sealed class HlsRuleException(string rule) : Exception($"A rule of HLS is broken: {rule}.");
