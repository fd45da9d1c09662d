using System.Text;
using Tributary.Media.Packaging.Vod.Fragments;
using Tributary.Media.Packaging.Vod.Hls;
using Tributary.Media.Packaging.Vod.Webm;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Dash;

/// <summary>Answers DASH requests for a set (ISO/IEC 23009-1): the manifest, initialisation segments and fragments of one track each.</summary>
static class DashPackager
{
    internal static PackagedAnswer Manifest(MediaSet set, VodPlace place) =>
        new VodDashManifest(set, place).Write() is { } manifest
            ? PackagedAnswer.Of(new MemoryBody(Encoding.UTF8.GetBytes(manifest)) { ContentType = "application/dash+xml" })
            : PackagedAnswer.Failed(MediaFailure.BadMapping, "the live set has no segment yet");

    internal static PackagedAnswer Init(MediaSet set)
    {
        var tracks = set.Manifest.Values.First();
        if (tracks.Count == 0)
        {
            return PackagedAnswer.Of(new MemoryBody(VodInitSegment.WriteCaptions(DurationOf(set))) { ContentType = "application/mp4" });
        }

        if (WebmPackager.Carries(tracks[0].Info.Codec))
        {
            return WebmPackager.Init(set, tracks[0]);
        }

        return PackagedAnswer.Of(new MemoryBody(VodInitSegment.Write(tracks, "iso5dashmsix"u8, DurationOf(set))) { ContentType = HlsPackager.TypeOf(tracks) });
    }

    internal static ValueTask<PackagedAnswer> FragmentAsync(MediaSet set, VodRequest request, CancellationToken cancellation)
    {
        var segment = request.SegmentIndex ?? 0;
        if (set.Manifest.Values.First() is [var track, ..] && WebmPackager.Carries(track.Info.Codec))
        {
            return WebmPackager.FragmentAsync(set, segment, OriginOf(set, segment), cancellation);
        }

        return FragmentPackager.SegmentAsync(set, segment, FragmentForm.Single(request.Version), OriginOf(set, segment), cancellation);
    }

    static long DurationOf(MediaSet set) => set.Timeline.IsLive ? 0 : set.Timeline.TotalDuration * 90;

    // Where clips have periods of their own, a fragment's time counts from its period; in one period, from the availability start.
    static long OriginOf(MediaSet set, int segment)
    {
        var timeline = set.Timeline;
        return timeline.IsContinuous || timeline.ClipCount <= 1
            ? timeline.IsLive ? timeline.BaseTime ?? 0 : 0
            : timeline.RangesOf(segment) is [var range, ..] ? timeline.Times[range.Clip] : 0;
    }
}
