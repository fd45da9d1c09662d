using System.Globalization;
using System.Text;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>Media playlists of files and of live sets made of files (RFC 8216 §4.3.3).</summary>
static class VodMediaPlaylist
{
    /// <summary>The playlist of the tracks that a request takes; null where a live set has no segment yet.</summary>
    internal static string? Write(MediaSet set, VodPlace place, HlsForm form)
    {
        var captions = form.Container == HlsSegments.Captions;
        var tracks = captions ? [] : set.ReferenceTracks;
        var segments = SegmentList.Of(set, tracks);
        if (segments.Count == 0 && (set.Timeline.IsLive || !captions))
        {
            return null;
        }

        var suffix = captions ? TrackNames.SequenceOf(set, set.ReferenceCaptions[0].Sequence, set.ReferenceCaptions[0].SequenceDescription) : TrackNames.Of(set, tracks);
        var playlist = new StringBuilder("#EXTM3U\n");
        WriteHead(playlist, set, form, segments);
        var clip = -1;
        foreach (var segment in segments)
        {
            WriteClipChange(playlist, set, place, form, suffix, segment.Clip, ref clip);
            playlist.Append(CultureInfo.InvariantCulture, $"#EXTINF:{segment.Duration / 1000}.{segment.Duration % 1000:000},\n");
            var file = $"{set.Options.Hls.SegmentFileNamePrefix}-{segment.Number + 1}{suffix}.{form.Extension}";
            playlist.Append(place.UrlOf(place.SegmentsBaseUrl, set.Options.Hls.AbsoluteIndexUrls, file)).Append('\n');
        }

        var ended = !set.Timeline.IsLive || set.Description.PresentationEndTime is { } end && end <= set.Now;
        return playlist.Append(ended ? "#EXT-X-ENDLIST\n" : "").ToString();
    }

    static void WriteHead(StringBuilder playlist, MediaSet set, HlsForm form, IReadOnlyList<ListedSegment> segments)
    {
        // Captions without a cue have no segment: players show none.
        var target = segments.Count == 0
            ? set.Timeline.Schedule.MaxSegmentDuration / 1000
            : Math.Max(1, segments.Max(segment => (segment.Duration + 500) / 1000));
        playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-TARGETDURATION:{target}\n#EXT-X-ALLOW-CACHE:YES\n");
        if (!set.Timeline.IsLive)
        {
            playlist.Append("#EXT-X-PLAYLIST-TYPE:VOD\n");
        }
        else if (set.Description.PlaylistType == PlaylistType.Event)
        {
            playlist.Append("#EXT-X-PLAYLIST-TYPE:EVENT\n");
        }

        var version = form.Container == HlsSegments.Fmp4 ? 6 : 3;
        playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-VERSION:{version}\n#EXT-X-MEDIA-SEQUENCE:{(segments.Count == 0 ? 0 : segments[0].Number) + 1}\n");
    }

    static void WriteClipChange(
        StringBuilder playlist, MediaSet set, VodPlace place, HlsForm form, string suffix, int clip, ref int current)
    {
        if (current == clip || (set.Timeline.IsContinuous && current >= 0))
        {
            return;
        }

        if (current >= 0)
        {
            playlist.Append("#EXT-X-DISCONTINUITY\n");
        }

        current = clip;
        if (form.Container == HlsSegments.Fmp4)
        {
            var own = set.Description.Durations.Count > 0 && !set.Timeline.IsContinuous
                ? string.Create(CultureInfo.InvariantCulture, $"-c{clip + set.Timeline.FirstClipNumber + 1}") : "";
            var file = $"{set.Options.Hls.InitFileNamePrefix}{own}{suffix}.mp4";
            playlist.Append($"#EXT-X-MAP:URI=\"{place.UrlOf(place.SegmentsBaseUrl, set.Options.Hls.AbsoluteIndexUrls, file)}\"\n");
        }
    }
}
