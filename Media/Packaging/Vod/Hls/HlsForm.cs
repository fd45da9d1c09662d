using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>What HLS segments are.</summary>
enum HlsSegments
{
    MpegTs,
    Fmp4,
    Captions,
}

/// <summary>What the segments of some tracks are: the container that is configured, or the one that their codecs allow.</summary>
readonly record struct HlsForm(HlsSegments Container)
{
    internal string Extension => Container switch { HlsSegments.MpegTs => "ts", HlsSegments.Fmp4 => "m4s", _ => "vtt" };

    internal static HlsForm Of(MediaSet set) =>
        set.ReferenceTracks.Count == 0 && set.ReferenceCaptions.Count > 0 ? new HlsForm(HlsSegments.Captions) : Of(set.Options.Hls.Container, set.ReferenceTracks);

    internal static HlsForm Of(HlsContainer container, IEnumerable<SetTrack> tracks) => new(container switch
    {
        HlsContainer.MpegTs => HlsSegments.MpegTs,
        HlsContainer.Fmp4 => HlsSegments.Fmp4,
        _ => tracks.Any(track => NeedsFragments(track.Info.Codec)) ? HlsSegments.Fmp4 : HlsSegments.MpegTs,
    });

    // HEVC in a transport stream is legal, but Apple's players take it only in MP4 (HLS Authoring Specification 1.5).
    static bool NeedsFragments(Codec codec) => codec is Codec.Hevc or Codec.Av1;
}
