using Tributary.Media.Frames;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Webm;

/// <summary>
/// Segments of one track of VP8, VP9, Opus or Vorbis as WebM (RFC 9559), as DASH tells of them: an initialisation segment with the head of a file, fragments
/// of clusters. Times are milliseconds.
/// </summary>
static class WebmPackager
{
    const int Milliseconds = 1_000;

    internal static bool Carries(Codec codec) => codec is Codec.Vp8 or Codec.Vp9 or Codec.Opus or Codec.Vorbis;

    internal static PackagedAnswer Init(MediaSet set, SetTrack track)
    {
        byte[] head =
        [
            .. EbmlElement.Of(0x1A45_DFA3,
                EbmlElement.Unsigned(0x4286, 1), EbmlElement.Unsigned(0x42F7, 1), EbmlElement.Unsigned(0x42F2, 4), EbmlElement.Unsigned(0x42F3, 8),
                EbmlElement.Text(0x4282, "webm"), EbmlElement.Unsigned(0x4287, 4), EbmlElement.Unsigned(0x4285, 2)),
            .. EbmlElement.Unbounded(0x1853_8067),
            .. EbmlElement.Of(0x1549_A966, [EbmlElement.Unsigned(0x2A_D7B1, 1_000_000), .. Duration(set),
                EbmlElement.Text(0x4D80, "Tributary"), EbmlElement.Text(0x5741, "Tributary")]),
            .. EbmlElement.Of(0x1654_AE6B, WebmTrackEntry.Write(track)),
        ];
        return PackagedAnswer.Of(new MemoryBody(head) { ContentType = TypeOf(track) });
    }

    internal static async ValueTask<PackagedAnswer> FragmentAsync(MediaSet set, int segment, long origin, CancellationToken cancellation)
    {
        var failure = SegmentFrames.TryPick(set, set.Timeline.RangesOf(segment), Milliseconds, origin, out var tracks);
        if (failure != MediaFailure.None || tracks.Length == 0)
        {
            return PackagedAnswer.Failed(failure == MediaFailure.None ? MediaFailure.NoStreams : failure, "the segment's frames cannot be found");
        }

        if (FrameBytes.Of(tracks) is not { } bytes)
        {
            return PackagedAnswer.Failed(MediaFailure.BadData, "the file ends before a frame does");
        }

        var clusters = new WebmClusters(tracks[0]);
        return await SegmentBody.AnswerAsync(new SegmentBody(clusters.Length, bytes, () => clusters.Pieces(bytes)) { ContentType = TypeOf(tracks[0].Track) }, cancellation);
    }

    static string TypeOf(SetTrack track) => track.Kind == TrackKind.Video ? "video/webm" : "audio/webm";

    static byte[][] Duration(MediaSet set) => set.Timeline.IsLive ? [] : [EbmlElement.Float(0x4489, set.Timeline.TotalDuration)];
}
