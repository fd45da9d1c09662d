using Tributary.Media.Frames;
using Tributary.Media.Packaging.Vod.Hls;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Fragments;

/// <summary>Makes segments of fragmented MP4, for HLS and DASH.</summary>
static class FragmentPackager
{
    /// <summary>A segment of the set's tracks.</summary>
    /// <param name="set">The set, with the segment's clips opened.</param>
    /// <param name="segment">Number of the segment, from 0.</param>
    /// <param name="form">What stands around it.</param>
    /// <param name="origin">What is taken off all times, in milliseconds.</param>
    /// <param name="cancellation">Ends the reading.</param>
    internal static async ValueTask<PackagedAnswer> SegmentAsync(
        MediaSet set, int segment, FragmentForm form, long origin, CancellationToken cancellation)
    {
        var failure = SegmentFrames.TryPick(set, set.Timeline.RangesOf(segment), MediaTime.Hz90k, origin, out var tracks);
        if (failure != MediaFailure.None)
        {
            return PackagedAnswer.Failed(failure, "the segment's frames cannot be found");
        }

        if (tracks.Length == 0)
        {
            return PackagedAnswer.Failed(MediaFailure.BadRequest, "there is neither picture nor sound in what is asked for");
        }

        if (FrameBytes.Of(tracks) is not { } bytes)
        {
            return PackagedAnswer.Failed(MediaFailure.BadData, "the file ends before a frame does");
        }

        var fragment = new VodFragment(tracks, segment, form);
        var header = fragment.WriteHeader();
        var runs = fragment.Runs;
        var body = new SegmentBody(header.Length + fragment.PayloadLength, bytes, () => new FramePieces(header, runs, bytes))
        {
            ContentType = HlsPackager.TypeOf([.. tracks.Select(track => track.Track)]),
        };
        return await SegmentBody.AnswerAsync(body, cancellation);
    }
}
