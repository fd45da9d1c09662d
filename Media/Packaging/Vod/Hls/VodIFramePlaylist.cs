using System.Globalization;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// I-frame playlists (RFC 8216 §4.3.3.6): where the key pictures stand in the transport streams of the ordinary segments. The segments are laid out, not
/// written: no media is read.
/// </summary>
static class VodIFramePlaylist
{
    internal static MediaFailure TryWrite(MediaSet set, VodPlace place, out string text)
    {
        text = "";
        var tracks = set.ReferenceTracks;
        if (tracks.FirstOrDefault(track => track.Kind == TrackKind.Video) is not { Source.FrameCount: > 0 } video)
        {
            return MediaFailure.BadRequest;
        }

        if (tracks.Sum(track => (long)(track.EndFrame - track.FirstFrame)) > set.Options.Reading.MaxFrameCount)
        {
            return MediaFailure.BadData;
        }

        var found = new List<(int Segment, long Offset, long Length, long Pts)>();
        for (var segment = 0; segment < set.Timeline.EndSegment; segment++)
        {
            var failure = SegmentFrames.TryPick(set, set.Timeline.RangesOf(segment), MediaTime.Hz90k, 0, out var picked);
            if (failure != MediaFailure.None)
            {
                return failure;
            }

            var number = segment;
            new VodTsSegment(VodTsSegment.StreamsOf(set, picked), Id3Timestamp.Of(set, segment), set.Options.Hls).FindKeyFrames((offset, length, pts) => found.Add((number, offset, length, pts)));
        }

        text = Write(set, place, tracks, found, video.Duration);
        return MediaFailure.None;
    }

    static string Write(
        MediaSet set, VodPlace place, IReadOnlyList<SetTrack> tracks, List<(int Segment, long Offset, long Length, long Pts)> found, long total)
    {
        var options = set.Options.Hls;
        var suffix = TrackNames.Of(set, tracks);
        var playlist = new StringBuilder("#EXTM3U\n");
        var target = (set.Timeline.Schedule.MaxSegmentDuration + 500) / 1000;
        playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-TARGETDURATION:{target}\n#EXT-X-VERSION:4\n#EXT-X-MEDIA-SEQUENCE:1\n");
        playlist.Append("#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n");
        for (var i = 0; i < found.Count; i++)
        {
            var duration = i + 1 < found.Count ? MediaTime.RescaleNearest(found[i + 1].Pts - found[i].Pts, MediaTime.Hz90k, 1000) : Math.Max(0, total);
            total -= duration;
            playlist.Append(CultureInfo.InvariantCulture, $"#EXTINF:{duration / 1000}.{duration % 1000:000},\n");
            playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-BYTERANGE:{found[i].Length}@{found[i].Offset}\n");
            var file = string.Create(CultureInfo.InvariantCulture, $"{options.SegmentFileNamePrefix}-{found[i].Segment + 1}{suffix}.ts");
            playlist.Append(place.UrlOf(place.SegmentsBaseUrl, options.AbsoluteIframeUrls, file)).Append('\n');
        }

        return playlist.Append("#EXT-X-ENDLIST\n").ToString();
    }
}
