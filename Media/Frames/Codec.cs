namespace Tributary.Media.Frames;

/// <summary>What a track carries.</summary>
public enum TrackKind : byte
{
    Video,
    Audio,
}

/// <summary>The codecs that Tributary carries from an encoder to a player without touching the coded pictures or sound.</summary>
public enum Codec : byte
{
    None,
    H264,
    Hevc,
    Av1,
    Vp8,
    Vp9,
    Aac,
    Mp3,
    Opus,
    Ac3,
    Eac3,
    Flac,

    /// <summary>In files only: no encoder sends it, and live streams do not carry it.</summary>
    Dts,

    /// <summary>In files only, as <see cref="Dts"/>.</summary>
    Vorbis,
}

/// <summary>Facts about a <see cref="Codec"/> that do not depend on a stream.</summary>
public static class CodecFacts
{
    public static TrackKind Kind(this Codec codec) => codec >= Codec.Aac ? TrackKind.Audio : TrackKind.Video;

    /// <summary>The name an operator reads: in logs, on the page, in the API.</summary>
    public static string DisplayName(this Codec codec) => codec switch
    {
        Codec.H264 => "H.264",
        Codec.Hevc => "HEVC",
        Codec.Av1 => "AV1",
        Codec.Vp8 => "VP8",
        Codec.Vp9 => "VP9",
        Codec.Aac => "AAC",
        Codec.Mp3 => "MP3",
        Codec.Opus => "Opus",
        Codec.Ac3 => "AC-3",
        Codec.Eac3 => "E-AC-3",
        Codec.Flac => "FLAC",
        Codec.Dts => "DTS",
        Codec.Vorbis => "Vorbis",
        _ => "unknown",
    };
}
