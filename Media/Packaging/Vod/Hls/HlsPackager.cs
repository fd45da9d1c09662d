using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Vod.Fragments;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>Answers HLS requests for a set: playlists, segments as transport streams or fragments, initialisation segments.</summary>
static class HlsPackager
{
    const string PlaylistType = "application/vnd.apple.mpegurl";

    internal static PackagedAnswer Master(MediaSet set, VodPlace place) => Text(new VodMasterPlaylist(set, place).Write(), PlaylistType);

    internal static PackagedAnswer Index(MediaSet set, VodPlace place) =>
        VodMediaPlaylist.Write(set, place, HlsForm.Of(set)) is { } playlist
            ? Text(playlist, PlaylistType)
            : PackagedAnswer.Failed(MediaFailure.BadMapping, "the live set has no segment yet");

    internal static PackagedAnswer IFrames(MediaSet set, VodPlace place)
    {
        if (HlsForm.Of(set).Container != HlsSegments.MpegTs || set.Options.Hls.Encryption != HlsEncryption.None)
        {
            return PackagedAnswer.Failed(MediaFailure.BadRequest, "I-frame playlists are of transport streams that are not encrypted");
        }

        if (set.Timeline.IsLive || set.Timeline.ClipCount > 1)
        {
            return PackagedAnswer.Failed(MediaFailure.BadRequest, "I-frame playlists are of finished sets of one clip");
        }

        var failure = VodIFramePlaylist.TryWrite(set, place, out var text);
        return failure == MediaFailure.None ? Text(text, PlaylistType) : PackagedAnswer.Failed(failure, "the I-frame playlist cannot be made");
    }

    internal static PackagedAnswer Init(MediaSet set)
    {
        var duration = set.Timeline.IsLive ? 0 : set.Timeline.TotalDuration * 90;
        var tracks = set.Manifest.Values.First();
        return tracks.Count == 0
            ? PackagedAnswer.Failed(MediaFailure.BadRequest, "there is neither picture nor sound in what is asked for")
            : PackagedAnswer.Of(new MemoryBody(VodInitSegment.Write(tracks, "isomavc1"u8, duration)) { ContentType = TypeOf(tracks) });
    }

    internal static async ValueTask<PackagedAnswer> TsSegmentAsync(MediaSet set, VodRequest request, CancellationToken cancellation)
    {
        var segment = request.SegmentIndex ?? 0;
        var id3 = Id3Timestamp.Of(set, segment);
        var failure = SegmentFrames.TryPick(set, set.Timeline.RangesOf(segment), MediaTime.Hz90k, 0, out var tracks);
        if (failure != MediaFailure.None)
        {
            return PackagedAnswer.Failed(failure, "the segment's frames cannot be found");
        }

        if (tracks.Any(track => !TsParameterSets.IsWhole(track.Track.Info)))
        {
            return PackagedAnswer.Failed(MediaFailure.BadData, "the video's decoder configuration is damaged");
        }

        if (FrameBytes.Of(tracks) is not { } bytes)
        {
            return PackagedAnswer.Failed(MediaFailure.BadData, "the file ends before a frame does");
        }

        var streams = VodTsSegment.StreamsOf(set, tracks, request.PtsDelay);
        if (streams.Length == 0)
        {
            return PackagedAnswer.Failed(MediaFailure.BadRequest, "a transport stream carries none of the tracks");
        }

        var laidOut = new VodTsSegment(streams, id3, set.Options.Hls);
        return await SegmentBody.AnswerAsync(new SegmentBody(laidOut.Length, bytes, () => laidOut.Pieces(bytes)) { ContentType = "video/MP2T" }, cancellation);
    }

    internal static ValueTask<PackagedAnswer> FragmentAsync(MediaSet set, VodRequest request, CancellationToken cancellation)
    {
        var form = set.Manifest.Values.First().Count > 1 ? FragmentForm.HlsMuxed : FragmentForm.Single(request.Version);
        return FragmentPackager.SegmentAsync(set, request.SegmentIndex ?? 0, form, origin: 0, cancellation);
    }

    internal static string TypeOf(IReadOnlyList<SetTrack> tracks) => tracks.Any(track => track.Kind == TrackKind.Video) ? "video/mp4" : "audio/mp4";

    static PackagedAnswer Text(string text, string type) => PackagedAnswer.Of(new MemoryBody(Encoding.UTF8.GetBytes(text)) { ContentType = type });
}
