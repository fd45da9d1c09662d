using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Matroska;

/// <summary>Codec IDs of Matroska (RFC 9559 §5.1.4.1.21 and its registry), and the track that a CodecPrivate or a first frame makes.</summary>
static class MatroskaCodec
{
    public static Codec Of(string codecId) => codecId switch
    {
        "V_MPEG4/ISO/AVC" => Codec.H264,
        "V_MPEGH/ISO/HEVC" => Codec.Hevc,
        "V_AV1" => Codec.Av1,
        "V_VP8" => Codec.Vp8,
        "V_VP9" => Codec.Vp9,
        "A_MPEG/L3" => Codec.Mp3,
        "A_AC3" or "A_AC3/BSID9" or "A_AC3/BSID10" => Codec.Ac3,
        "A_EAC3" => Codec.Eac3,
        "A_OPUS" => Codec.Opus,
        "A_FLAC" => Codec.Flac,
        "A_VORBIS" => Codec.Vorbis,
        _ when codecId.StartsWith("A_DTS", StringComparison.Ordinal) => Codec.Dts,
        _ when codecId.StartsWith("A_AAC", StringComparison.Ordinal) => Codec.Aac,
        _ => Codec.None,
    };

    /// <summary>Null where neither the configuration nor the first frame says what a decoder needs.</summary>
    /// <param name="firstFrame">The beginning of the track's first frame.</param>
    public static TrackInfo? Describe(MatroskaTrack entry, ReadOnlySpan<byte> firstFrame)
    {
        var codec = Of(entry.CodecId);
        if (codec is Codec.Vorbis or Codec.Dts)
        {
            return new TrackInfo
            {
                Id = 1,
                Codec = codec,
                Timescale = Math.Max(1, entry.SampleRate),
                DecoderConfig = entry.CodecPrivate,
                CodecString = codec == Codec.Vorbis ? "vorbis" : "dtsc",
                SampleRate = entry.SampleRate,
                Channels = entry.Channels,
                SamplesPerFrame = codec == Codec.Dts ? 512 : 0,
            };
        }

        if (!TrackConfiguration.TryCreate(codec, 1, entry.CodecPrivate, out var track) && !TrackConfiguration.TryCreateFromFrame(codec, 1, firstFrame, out track))
        {
            return null;
        }

        return track.Kind == TrackKind.Audio
            ? track with { Channels = track.Channels > 0 ? track.Channels : entry.Channels }
            : track with { Width = entry.Width > 0 ? entry.Width : track.Width, Height = entry.Height > 0 ? entry.Height : track.Height };
    }
}
