using Tributary.Media.Captions;
using Tributary.Media.Frames;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>Segments of captions: WebVTT, with the media time that its times are counted from (RFC 8216 §3.5).</summary>
static class HlsCaptions
{
    // PTS have 33 bits: times of the clock are told as far as those count.
    const long PtsPeriod = 1L << 33;

    internal static PackagedAnswer Segment(MediaSet set, int segment)
    {
        var ranges = set.Timeline.RangesOf(segment);
        if (ranges.Count == 0 || ShownCaptions.Of(set, ranges, OriginOf(set, ranges[0])) is not { } captions)
        {
            return PackagedAnswer.Failed(MediaFailure.NoStreams, "there are no such captions");
        }

        var text = WebVttWriter.Write(captions, CaptionWindow.Whole, $"MPEGTS:{MediaStart(set)},LOCAL:00:00:00.000");
        return PackagedAnswer.Of(new MemoryBody(text) { ContentType = "text/vtt" });
    }

    static long OriginOf(MediaSet set, ClipRange first)
    {
        var start = set.Timeline.TimeOf(first);
        return set.Timeline.IsLive ? start - ((start * MediaTime.Hz90k / 1000 % PtsPeriod + 89) / 90) : 0;
    }

    // A transport stream of a finished set begins at its offset, which players take for 0; what is live has always been told without it.
    static long MediaStart(MediaSet set) => set.Timeline.IsLive || set.Options.Hls.Container == HlsContainer.Fmp4 ? 0 : VodTsSegment.Offset90k;
}
