using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace Tributary.Unit.Packaging;

/// <summary>A fragment as a Smooth Streaming manifest lists it: place and length in ticks of 100 ns, and where each quality has it.</summary>
sealed record SmoothFragmentListed(string Stream, long Time, long Duration, IReadOnlyList<string> Urls);

/// <summary>The rules of live Smooth Streaming ([MS-SSTR] §2.2.2), as assertions on what a client gets.</summary>
static class SmoothRules
{
    /// <summary>The rules that one manifest keeps by itself.</summary>
    public static IReadOnlyList<SmoothFragmentListed> Check(ReadOnlySpan<byte> bytes)
    {
        var root = XDocument.Parse(new UTF8Encoding(false, true).GetString(bytes)).Root!;
        Rule((Text(root, "MajorVersion"), Text(root, "MinorVersion"), Text(root, "TimeScale")) == ("2", "2", "10000000"), "a manifest is of version 2.2, in ticks of 100 ns");
        Rule(Text(root, "IsLive") == "TRUE" && Text(root, "LookaheadCount") == "2", "a live manifest is live, and fragments tell of the next two");
        Rule(Long(root, "DVRWindowLength") > 0, "a live manifest says how far one may go back");
        var fragments = root.Elements("StreamIndex").SelectMany(CheckStream).ToList();
        Rule(root.Elements("StreamIndex").Select(stream => Text(stream, "Name")).Distinct().Count() == root.Elements("StreamIndex").Count(), "streams have names of their own");
        return fragments;
    }

    /// <summary>The rules that a manifest keeps from one update to the next.</summary>
    public static void CheckUpdate(IReadOnlyList<SmoothFragmentListed> before, IReadOnlyList<SmoothFragmentListed> after)
    {
        var known = before.ToDictionary(fragment => (fragment.Stream, fragment.Time), fragment => fragment.Duration);
        foreach (var fragment in after)
        {
            Rule(!known.TryGetValue((fragment.Stream, fragment.Time), out var duration) || duration == fragment.Duration, "a fragment keeps its length");
        }

        foreach (var stream in before.GroupBy(fragment => fragment.Stream))
        {
            Rule(after.Where(fragment => fragment.Stream == stream.Key).Select(fragment => fragment.Time).DefaultIfEmpty().Max() >= stream.Max(fragment => fragment.Time),
                "the live edge never goes back");
        }
    }

    static IEnumerable<SmoothFragmentListed> CheckStream(XElement stream)
    {
        var (name, url) = (Text(stream, "Name"), Text(stream, "Url"));
        var qualities = stream.Elements("QualityLevel").Select(quality => Text(quality, "Bitrate")).ToList();
        Rule(qualities.Count == Long(stream, "QualityLevels") && qualities.Distinct().Count() == qualities.Count, "each quality has a bitrate of its own");
        Rule(stream.Elements("QualityLevel").All(quality => Text(quality, "FourCC").Length == 4 && Text(quality, "CodecPrivateData").Length > 0), "a quality tells its codec");
        var (count, next) = (0L, -1L);
        foreach (var run in stream.Elements("c"))
        {
            var time = run.Attribute("t") is null ? next : Long(run, "t");
            Rule(time >= next, $"fragments of {name} follow each other");
            for (var repeat = run.Attribute("r") is null ? 1 : Long(run, "r"); repeat > 0; repeat--, count++)
            {
                var place = time.ToString(CultureInfo.InvariantCulture);
                yield return new SmoothFragmentListed(name, time, Long(run, "d"), [.. qualities.Select(bitrate =>
                    url.Replace("{bitrate}", bitrate, StringComparison.Ordinal).Replace("{start time}", place, StringComparison.Ordinal))]);
                time += Long(run, "d");
            }

            next = time;
        }

        Rule(count == Long(stream, "Chunks"), "Chunks counts the fragments");
    }

    static string Text(XElement element, string attribute) => (string?)element.Attribute(attribute) ?? throw new SmoothRuleException($"{attribute} is there");

    static long Long(XElement element, string attribute) => long.Parse(Text(element, attribute), NumberStyles.None, CultureInfo.InvariantCulture);

    static void Rule(bool kept, string rule)
    {
        if (!kept)
        {
            throw new SmoothRuleException(rule);
        }
    }
}

sealed class SmoothRuleException(string rule) : Exception($"A rule of Smooth Streaming is broken: {rule}.");
