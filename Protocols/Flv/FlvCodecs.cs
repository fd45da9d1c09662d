using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

/// <summary>Codec numbers of FLV (Video File Format 10.1, E.4.2 and E.4.3) and FourCCs of enhanced RTMP.</summary>
static class FlvCodecs
{
    public const int ExAudio = 9;

    const uint Avc1 = 0x61766331, Hvc1 = 0x68766331, Av01 = 0x61763031, Vp09 = 0x76703039, Vp08 = 0x76703038,
        Mp4a = 0x6D703461, Opus = 0x4F707573, Ac3 = 0x61632D33, Eac3 = 0x65632D33, Flac = 0x664C6143, Mp3 = 0x2E6D7033;

    public static Codec OfFourCc(uint fourCc, TrackKind kind)
    {
        var codec = fourCc switch
        {
            Avc1 => Codec.H264,
            Hvc1 => Codec.Hevc,
            Av01 => Codec.Av1,
            Vp09 => Codec.Vp9,
            Vp08 => Codec.Vp8,
            Mp4a => Codec.Aac,
            Opus => Codec.Opus,
            Ac3 => Codec.Ac3,
            Eac3 => Codec.Eac3,
            Flac => Codec.Flac,
            Mp3 => Codec.Mp3,
            _ => Codec.None,
        };
        return codec.Kind() == kind ? codec : Codec.None;
    }

    /// <summary>The FourCC of a codec that is carried.</summary>
    public static uint FourCc(Codec codec) => codec switch
    {
        Codec.H264 => Avc1,
        Codec.Hevc => Hvc1,
        Codec.Av1 => Av01,
        Codec.Vp9 => Vp09,
        Codec.Vp8 => Vp08,
        Codec.Aac => Mp4a,
        Codec.Opus => Opus,
        Codec.Ac3 => Ac3,
        Codec.Eac3 => Eac3,
        Codec.Flac => Flac,
        Codec.Mp3 => Mp3,
        _ => throw new ArgumentOutOfRangeException(nameof(codec), codec, "No FourCC."),
    };

    /// <summary>12 for HEVC is in no specification, but in many encoders of the years before enhanced RTMP.</summary>
    public static Codec OfVideoNumber(int number) => number switch
    {
        7 => Codec.H264,
        12 => Codec.Hevc,
        _ => Codec.None,
    };

    public static Codec OfAudioNumber(int number) => number switch
    {
        10 => Codec.Aac,
        2 or 14 => Codec.Mp3,
        _ => Codec.None,
    };

    /// <summary>The name that an operator reads in a refusal.</summary>
    public static string Name(uint id, TrackKind kind) => (kind, id) switch
    {
        (TrackKind.Video, 2) => "Sorenson H.263",
        (TrackKind.Video, 3 or 6) => "Screen Video",
        (TrackKind.Video, 4 or 5) => "VP6",
        (TrackKind.Audio, 0 or 3) => "PCM",
        (TrackKind.Audio, 1) => "ADPCM",
        (TrackKind.Audio, 4 or 5 or 6) => "Nellymoser",
        (TrackKind.Audio, 7 or 8) => "G.711",
        (TrackKind.Audio, 11) => "Speex",
        (_, > 255) => $"the codec {FourCcText(id)}",
        _ => $"codec number {id}",
    };

    // Only what is safe in a log line.
    static string FourCcText(uint fourCc) => string.Create(4, fourCc, static (text, code) =>
    {
        for (var i = 0; i < 4; i++)
        {
            var letter = (char)(code >> (24 - 8 * i) & 0xFF);
            text[i] = char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' ? letter : '?';
        }
    });
}
