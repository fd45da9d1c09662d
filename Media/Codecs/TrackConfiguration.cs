using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>Makes a <see cref="TrackInfo"/> of what an encoder sends before, or in, its first frame. Nothing here throws on what it is given.</summary>
public static class TrackConfiguration
{
    /// <summary>
    /// From a decoder configuration as it comes on the wire: avcC, hvcC, av1C, vpcC with or without the version and flags of its box, the
    /// AudioSpecificConfig of AAC, OpusHead or dOps, "fLaC" with its first block or the bare STREAMINFO, dac3, dec3.
    /// False where it is cut short, contradicts itself, or the codec has none (MP3).
    /// </summary>
    /// <remarks>VP8, VP9, and AV1 without a sequence header, have no size yet: see <see cref="Complete"/>.</remarks>
    public static bool TryCreate(Codec codec, int trackId, ReadOnlySpan<byte> config, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        return codec switch
        {
            Codec.H264 => H264.TryCreateTrack(trackId, config, out track),
            Codec.Hevc => Hevc.TryCreateTrack(trackId, config, out track),
            Codec.Av1 => Av1.TryCreateTrack(trackId, config, out track),
            Codec.Vp8 or Codec.Vp9 => Vp9.TryCreateTrack(codec, trackId, config, out track),
            Codec.Aac => Aac.TryCreateTrack(trackId, config, out track),
            Codec.Opus => Opus.TryCreateTrack(trackId, config, out track),
            Codec.Flac => Flac.TryCreateTrack(trackId, config, out track),
            Codec.Ac3 => Ac3.TryCreateTrack(trackId, config, out track),
            Codec.Eac3 => Eac3.TryCreateTrack(trackId, config, out track),
            _ => false,
        };
    }

    /// <summary>
    /// From the first frame, for the codecs whose frames describe themselves: MP3, AC-3, E-AC-3, Opus, and key frames of VP8, VP9 and AV1.
    /// False for any other codec, and for a frame that is no key frame or is damaged.
    /// </summary>
    public static bool TryCreateFromFrame(Codec codec, int trackId, ReadOnlySpan<byte> firstFrame, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        return codec switch
        {
            Codec.Mp3 => MpegAudioHeader.TryCreateTrack(trackId, firstFrame, out track),
            Codec.Ac3 => Ac3.TryCreateTrackFromFrame(trackId, firstFrame, out track),
            Codec.Eac3 => Eac3.TryCreateTrackFromFrame(trackId, firstFrame, out track),
            Codec.Opus => Opus.TryCreateTrackFromFrame(trackId, firstFrame, out track),
            Codec.Vp8 => Vp8.TryCreateTrackFromFrame(trackId, firstFrame, out track),
            Codec.Vp9 => Vp9.TryCreateTrackFromFrame(trackId, firstFrame, out track),
            Codec.Av1 => Av1.TryCreateTrackFromFrame(trackId, firstFrame, out track),
            _ => false,
        };
    }

    /// <summary>
    /// The track with the picture size of its first key frame, where the configuration did not have it (VP8, VP9, some AV1); else the same track.
    /// The rest of the configuration stays as the encoder declared it.
    /// </summary>
    public static TrackInfo Complete(TrackInfo track, ReadOnlySpan<byte> keyFrame)
    {
        if (track.Width > 0 || track.Kind != TrackKind.Video || !TryCreateFromFrame(track.Codec, track.Id, keyFrame, out var seen))
        {
            return track;
        }

        return track with { Width = seen.Width, Height = seen.Height, MilliFramesPerSecond = seen.MilliFramesPerSecond };
    }

    /// <summary>
    /// What the configuration says about the pictures of a video track: what <see cref="TrackInfo"/> has, and the sample aspect ratio, bit depth and
    /// colour. False where only the track's own fields are known.
    /// </summary>
    public static bool TryReadVideoFormat(TrackInfo track, out VideoFormat format)
    {
        format = default;
        return track.Codec switch
        {
            Codec.H264 => H264.TryReadFormat(track.DecoderConfig.Span, out format),
            Codec.Hevc => Hevc.TryReadFormat(track.DecoderConfig.Span, out format),
            Codec.Av1 => Av1.TryReadFormat(track.DecoderConfig.Span, out format),
            _ => false,
        };
    }

    /// <summary>Whether decoding can start at the frame; every audio frame is such a point.</summary>
    public static bool IsKeyFrame(TrackInfo track, ReadOnlySpan<byte> frame) => track.Codec switch
    {
        Codec.H264 or Codec.Hevc => NalUnits.IsKeyFrame(frame, track.Codec, NalUnits.LengthSize(track.Codec, track.DecoderConfig.Span)),
        Codec.Av1 => Av1Obus.IsKeyFrame(frame),
        Codec.Vp8 => Vp8.IsKeyFrame(frame),
        Codec.Vp9 => Vp9.IsKeyFrame(frame),
        _ => true,
    };
}
