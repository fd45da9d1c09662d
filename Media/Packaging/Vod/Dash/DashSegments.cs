using System.Globalization;
using System.Text;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Dash;

/// <summary>How an AdaptationSet tells its segments: by a timeline, by their common length, or one by one (ISO/IEC 23009-1 §5.3.9).</summary>
sealed class DashSegments(
    MediaSet set, VodPlace place, StringBuilder xml, int? clip, IReadOnlyList<ListedSegment> all, (string Segment, string Init) extension)
{
    readonly DashPackagingOptions _options = set.Options.Dash;
    readonly IReadOnlyList<ListedSegment> _segments = clip is { } number ? [.. all.Where(segment => segment.Clip == number)] : all;

    /// <summary>Whether a clip's segments have numbers of their own: then what the clip's first number is stands in the name.</summary>
    bool CountsWithinClip => clip is not null && _options.ManifestFormat == DashManifestFormat.SegmentTemplate;

    int FirstNumber => _segments.Count == 0 ? 1 : _segments[0].Number + 1;

    internal static string IdOf(MediaSet set, SetTrack track) => TrackNames.Of(set, [track], numbered: true).TrimStart('-') + "-x3";

    /// <summary>The part of a file name that says which clip it is of; empty where there is only one.</summary>
    internal static string ClipSuffix(MediaSet set, int? clip) =>
        clip is { } number
            ? string.Create(CultureInfo.InvariantCulture, $"-c{number + set.Timeline.FirstClipNumber + 1}")
            : "";

    internal void WriteTemplate()
    {
        if (_options.ManifestFormat == DashManifestFormat.SegmentList && extension.Segment != "ttml")
        {
            return;
        }

        var offset = CountsWithinClip && FirstNumber > 1 ? string.Create(CultureInfo.InvariantCulture, $"-i{FirstNumber - 1}") : "";
        xml.Append("        <SegmentTemplate\n            timescale=\"1000\"\n");
        xml.Append($"            media=\"{UrlOf($"{_options.FragmentFileNamePrefix}-$Number${offset}-$RepresentationID$.{extension.Segment}")}\"\n");
        xml.Append($"            initialization=\"{UrlOf($"{_options.InitFileNamePrefix}{ClipSuffix(set, clip)}-$RepresentationID$.{extension.Init}")}\"\n");
        if (_options.ManifestFormat == DashManifestFormat.SegmentTemplate)
        {
            xml.Append(CultureInfo.InvariantCulture, $"            duration=\"{set.Timeline.Schedule.SegmentDuration}\"\n");
        }

        xml.Append(CultureInfo.InvariantCulture, $"            startNumber=\"{(CountsWithinClip ? 1 : FirstNumber)}\">\n");
        if (_options.ManifestFormat == DashManifestFormat.SegmentTimeline)
        {
            WriteTimeline();
        }

        xml.Append("        </SegmentTemplate>\n");
    }

    internal void WriteList(SetTrack track)
    {
        if (_options.ManifestFormat != DashManifestFormat.SegmentList)
        {
            return;
        }

        var id = IdOf(set, track);
        var start = clip is not null ? 1 : FirstNumber;
        xml.Append(CultureInfo.InvariantCulture, $"        <SegmentList timescale=\"1000\" duration=\"{set.Timeline.Schedule.SegmentDuration}\" startNumber=\"{start}\">\n");
        xml.Append($"          <Initialization sourceURL=\"{UrlOf($"{_options.InitFileNamePrefix}{ClipSuffix(set, clip)}-{id}.{extension.Init}")}\"/>\n");
        foreach (var segment in _segments)
        {
            var file = string.Create(CultureInfo.InvariantCulture, $"{_options.FragmentFileNamePrefix}-{segment.Number + 1}-{id}.{extension.Segment}");
            xml.Append($"          <SegmentURL media=\"{UrlOf(file)}\"/>\n");
        }

        xml.Append("        </SegmentList>\n");
    }

    void WriteTimeline()
    {
        xml.Append("            <SegmentTimeline>\n");
        for (var i = 0; i < _segments.Count;)
        {
            var (duration, repeats) = (_segments[i].Duration, 0);
            var time = i == 0 && set.Timeline.IsLive ? StartOf(_segments[0]) : "";
            for (i++; i < _segments.Count && _segments[i].Duration == duration; i++)
            {
                repeats++;
            }

            var repeated = repeats > 0 ? string.Create(CultureInfo.InvariantCulture, $" r=\"{repeats}\"") : "";
            xml.Append(CultureInfo.InvariantCulture, $"                <S {time}d=\"{duration}\"{repeated}/>\n");
        }

        xml.Append("            </SegmentTimeline>\n");
    }

    string StartOf(ListedSegment segment)
    {
        var origin = clip is { } number ? set.Timeline.Times[number] : set.Timeline.BaseTime ?? 0;
        return segment.Start == origin ? "" : string.Create(CultureInfo.InvariantCulture, $"t=\"{segment.Start - origin}\" ");
    }

    string UrlOf(string file) => place.UrlOf(place.BaseUrl, _options.AbsoluteManifestUrls && !_options.UseBaseUrlTag, file);
}
