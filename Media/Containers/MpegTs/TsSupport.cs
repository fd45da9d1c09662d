using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>What goes into an MPEG transport stream that players of HLS read (RFC 8216 §3.2 and Apple's authoring rules).</summary>
public static class TsSupport
{
    /// <summary>
    /// False for AV1, VP8, VP9, FLAC (no assignment that players know) and Opus (assigned, but only ffmpeg and VLC read it). HEVC is carried for those
    /// who want it: Apple's players take it from fMP4 only.
    /// </summary>
    public static bool Carries(Codec codec) => codec is Codec.H264 or Codec.Hevc or Codec.Aac or Codec.Mp3 or Codec.Ac3 or Codec.Eac3;

    /// <summary>As <see cref="Carries(Codec)"/>, and whether an ADTS header can describe the AAC of this track.</summary>
    public static bool Carries(TrackInfo track) => Carries(track.Codec) && (track.Codec != Codec.Aac || AdtsHeader.TryCreate(track, out _));
}
