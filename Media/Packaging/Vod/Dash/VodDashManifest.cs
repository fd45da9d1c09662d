using System.Globalization;
using System.Text;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Dash;

/// <summary>Manifests of files and of live sets made of files (ISO/IEC 23009-1): a Period for each clip, one for all where nothing changes between clips.</summary>
sealed class VodDashManifest(MediaSet set, VodPlace place)
{
    readonly StringBuilder _xml = new();
    readonly SetTimeline _timeline = set.Timeline;
    readonly DashPackagingOptions _options = set.Options.Dash;

    /// <summary>The manifest; null where a live set has no segment yet.</summary>
    internal string? Write()
    {
        var listed = SegmentList.Of(set, _timeline.IsLive ? set.ReferenceTracks : []);
        if (_timeline.IsLive && listed.Count == 0)
        {
            return null;
        }

        WriteHead(listed);
        foreach (var clip in PeriodClips(listed))
        {
            new VodDashPeriod(set, place, _xml, clip).Write();
        }

        return _xml.Append("</MPD>\n").ToString();
    }

    IEnumerable<int?> PeriodClips(IReadOnlyList<ListedSegment> listed) =>
        _timeline.IsContinuous || set.Description.Durations.Count == 0 ? [null]
        : _timeline.IsLive ? listed.Select(segment => (int?)segment.Clip).Distinct()
        : Enumerable.Range(0, _timeline.ClipCount).Select(clip => (int?)clip);

    void WriteHead(IReadOnlyList<ListedSegment> listed)
    {
        _xml.Append("""
            <?xml version="1.0"?>
            <MPD
                xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                xmlns="urn:mpeg:dash:schema:mpd:2011"
                xsi:schemaLocation="urn:mpeg:dash:schema:mpd:2011 http://standards.iso.org/ittf/PubliclyAvailableStandards/MPEG-DASH_schema_files/DASH-MPD.xsd"

            """);
        if (_timeline.IsLive)
        {
            WriteLiveAttributes(listed);
        }
        else
        {
            _xml.Append(CultureInfo.InvariantCulture, $"    type=\"static\"\n    mediaPresentationDuration=\"PT{Seconds(_timeline.TotalDuration)}S\"\n");
            _xml.Append(CultureInfo.InvariantCulture, $"    minBufferTime=\"PT{_timeline.Schedule.MaxSegmentDuration / 1000}S\"\n");
        }

        _xml.Append($"    profiles=\"{_options.Profiles}\">\n");
        if (_options.UseBaseUrlTag && place.BaseUrl.Length > 0)
        {
            _xml.Append($"  <BaseURL>{place.UrlOf(place.BaseUrl, true, "")}</BaseURL>\n");
        }

        if (_timeline.IsLive)
        {
            _xml.Append($"  <UTCTiming\n    schemeIdUri=\"urn:mpeg:dash:utc:direct:2014\"\n    value=\"{Date(set.Now)}\"/>\n");
        }
    }

    // A player starts where the last period does: as late as it can without a change before it.
    void WriteLiveAttributes(IReadOnlyList<ListedSegment> listed)
    {
        var last = listed[^1];
        var lastPeriod = _timeline.IsContinuous ? listed[0] : listed.First(segment => segment.Clip == last.Clip);
        var now = set.Now / 1000 * 1000;
        _xml.Append(CultureInfo.InvariantCulture, $"    type=\"dynamic\"\n    minimumUpdatePeriod=\"PT{Seconds(_timeline.Schedule.SegmentDuration / 2)}S\"\n");
        _xml.Append($"    availabilityStartTime=\"{Date(_timeline.IsContinuous ? _timeline.BaseTime!.Value : 0)}\"\n");
        _xml.Append($"    publishTime=\"{Date(last.Start + last.Duration)}\"\n");
        _xml.Append($"    timeShiftBufferDepth=\"PT{Seconds(last.Start + last.Duration - listed[0].Start)}S\"\n");
        _xml.Append($"    minBufferTime=\"PT{Seconds(_timeline.Schedule.MaxSegmentDuration)}S\"\n");
        _xml.Append($"    suggestedPresentationDelay=\"PT{Seconds(Math.Max(0, now - lastPeriod.Start))}S\"\n");
    }

    internal static string Seconds(long milliseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000}.{Math.Abs(milliseconds % 1000):000}");

    static string Date(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
