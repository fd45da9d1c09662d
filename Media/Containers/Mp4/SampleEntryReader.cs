using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>What a sample entry says of its track.</summary>
readonly record struct SampleDescription(TrackInfo Track, ReadOnlyMemory<byte> Entry, ColourDescription Colour, TrackEncryption? Encryption);

/// <summary>
/// Reads the first entry of stsd (ISO/IEC 14496-12 §8.5.2). What the entry says of size, channels and sample rate counts; a decoder configuration that
/// cannot be read is kept as it is, and named by its first bytes: players may know better, and whoever needs its parameter sets will miss them.
/// </summary>
static class SampleEntryReader
{
    const int BoxHeader = 8;
    const int VisualPart = 78;
    const int AudioPart = 28;

    /// <returns>False where the box is cut short or a configuration is missing (<paramref name="damage"/> says so), or nothing is there that is known.</returns>
    /// <param name="stsd">Payload of the box.</param>
    public static bool TryRead(ReadOnlyMemory<byte> stsd, TrackKind kind, out SampleDescription description, out string damage)
    {
        description = default;
        damage = "The table of sample entries (stsd) is cut short.";
        if (stsd.Length < 8)
        {
            return false;
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(stsd.Span[4..]) is var count && count == 0)
        {
            damage = "";
            return false;
        }

        var entry = stsd[8..];
        var fixedPart = kind == TrackKind.Video ? VisualPart : AudioPart;
        if (entry.Length < BoxHeader + fixedPart || count > entry.Length / BoxHeader)
        {
            return false;
        }

        var size = BinaryPrimitives.ReadUInt32BigEndian(entry.Span);
        if (size < BoxHeader + fixedPart || size > entry.Length)
        {
            return false;
        }

        entry = entry[..(int)size];
        var type = entry.Slice(4, 4);
        var body = entry[BoxHeader..];
        var boxes = body[Math.Min(body.Length, kind == TrackKind.Video ? VisualPart : AudioPart + QuickTimePart(stsd.Span[0], body.Span))..];
        var encryption = SampleProtection.TryRead(type.Span, boxes, out var protection, out var original)
            ? protection! with { ClearEntry = SampleProtection.Clear(entry.Span, boxes.Span, original.Span) } : null;
        return kind == TrackKind.Video
            ? TryReadVideo(encryption is null ? type : original, entry, body, boxes, encryption, out description, out damage)
            : TryReadAudio(encryption is null ? type : original, entry, body, boxes, encryption, out description, out damage);
    }

    // QuickTime's second and third version of the entry, which only a stsd of version 0 can have (ISO/IEC 14496-12 §12.2.3).
    static int QuickTimePart(byte stsdVersion, ReadOnlySpan<byte> body) =>
        stsdVersion == 0 ? BinaryPrimitives.ReadUInt16BigEndian(body[8..]) switch { 1 => 16, 2 => 36, _ => 0 } : 0;

    static bool TryReadVideo(
        ReadOnlyMemory<byte> type, ReadOnlyMemory<byte> entry, ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> boxes, TrackEncryption? encryption,
        out SampleDescription description, out string damage)
    {
        (description, damage) = (default, "");
        var codec = VideoCodec(type.Span);
        if (codec == Codec.None)
        {
            return false;
        }

        if (!TryFind(boxes, ConfigurationBox(codec), out var config))
        {
            damage = $"There is no decoder configuration for {codec.DisplayName()}.";
            return false;
        }

        var track = TrackConfiguration.TryCreate(codec, 1, config.Span, out var read)
            ? read
            : new TrackInfo { Id = 1, Codec = codec, Timescale = 1, DecoderConfig = config, CodecString = RawCodecString(type.Span, config.Span) };
        var (width, height) = (BinaryPrimitives.ReadUInt16BigEndian(body.Span[24..]), BinaryPrimitives.ReadUInt16BigEndian(body.Span[26..]));
        track = track with
        {
            CodecString = NameByEntry(track.CodecString, type.Span, boxes),
            Width = width > 0 ? width : track.Width,
            Height = height > 0 ? height : track.Height,
            DeclaredBitrate = DeclaredBitrate(boxes),
        };
        description = new SampleDescription(track, entry, ReadColour(boxes, track), encryption);
        return true;
    }

    static Codec VideoCodec(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("avc1"u8) || type.SequenceEqual("avc3"u8) || type.SequenceEqual("dva1"u8) || type.SequenceEqual("dvav"u8) ? Codec.H264
        : type.SequenceEqual("hvc1"u8) || type.SequenceEqual("hev1"u8) || type.SequenceEqual("dvh1"u8) || type.SequenceEqual("dvhe"u8) ? Codec.Hevc
        : type.SequenceEqual("av01"u8) || type.SequenceEqual("dav1"u8) ? Codec.Av1
        : type.SequenceEqual("vp08"u8) ? Codec.Vp8
        : type.SequenceEqual("vp09"u8) ? Codec.Vp9
        : Codec.None;

    static ReadOnlySpan<byte> ConfigurationBox(Codec codec) => codec switch
    {
        Codec.H264 => "avcC"u8,
        Codec.Hevc => "hvcC"u8,
        Codec.Av1 => "av1C"u8,
        _ => "vpcC"u8,
    };

    // avc1.PPCCLL of whatever stands there (RFC 6381 §3.3).
    static string RawCodecString(ReadOnlySpan<byte> type, ReadOnlySpan<byte> config)
    {
        var name = Encoding.ASCII.GetString(type);
        return type.StartsWith("avc"u8) && config.Length >= 4 ? $"{name}.{Convert.ToHexStringLower(config[1..4])}" : name;
    }

    // avc3 and hev1 instead of avc1 and hvc1; Dolby Vision by its own record: dvh1.PP.LL (Dolby Vision Streams Within the ISO Base Media File Format §3).
    static string NameByEntry(string codecString, ReadOnlySpan<byte> type, ReadOnlyMemory<byte> boxes)
    {
        var name = Encoding.ASCII.GetString(type);
        if (name[0] == 'd' && (TryFind(boxes, "dvcC"u8, out var dolby) || TryFind(boxes, "dvvC"u8, out dolby)) && dolby.Length >= 4)
        {
            var record = dolby.Span;
            return $"{name}.{record[2] >> 1:d2}.{(record[2] & 1) << 5 | record[3] >> 3:d2}";
        }

        return codecString.Length > 4 && name[0] is 'a' or 'h' ? name + codecString[4..] : codecString;
    }

    // nclx with a range, nclc without (ISO/IEC 14496-12 §12.1.5; QuickTime).
    static ColourDescription ReadColour(ReadOnlyMemory<byte> boxes, TrackInfo track)
    {
        if (TryFind(boxes, "colr"u8, out var colr) && colr.Length >= 10 && (colr.Span.StartsWith("nclx"u8) || colr.Span.StartsWith("nclc"u8)))
        {
            var fields = colr.Span[4..];
            return new ColourDescription(
                BinaryPrimitives.ReadUInt16BigEndian(fields), BinaryPrimitives.ReadUInt16BigEndian(fields[2..]), BinaryPrimitives.ReadUInt16BigEndian(fields[4..]));
        }

        return TrackConfiguration.TryReadVideoFormat(track, out var format)
            ? new ColourDescription(format.ColourPrimaries, format.TransferCharacteristics, format.MatrixCoefficients)
            : ColourDescription.Unspecified;
    }

    static bool TryReadAudio(
        ReadOnlyMemory<byte> type, ReadOnlyMemory<byte> entry, ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> boxes, TrackEncryption? encryption,
        out SampleDescription description, out string damage)
    {
        (description, damage) = (default, "");
        if (!AudioEntry.TryRead(type.Span, boxes, out var audio))
        {
            return false;
        }

        if (audio.Codec is Codec.Aac or Codec.Opus or Codec.Flac or Codec.Vorbis && audio.Config.IsEmpty)
        {
            damage = $"There is no decoder configuration for {audio.Codec.DisplayName()}.";
            return false;
        }

        var (channels, rate) = (BinaryPrimitives.ReadUInt16BigEndian(body.Span[16..]), (int)(BinaryPrimitives.ReadUInt32BigEndian(body.Span[24..]) >> 16));
        var track = TrackConfiguration.TryCreate(audio.Codec, 1, audio.Config.Span, out var read)
            ? read
            : new TrackInfo { Id = 1, Codec = audio.Codec, Timescale = 1, DecoderConfig = audio.Config, Channels = channels, SampleRate = rate };
        track = track with
        {
            CodecString = read is not null && audio.CodecString.Length == 0 ? read.CodecString : audio.CodecString,
            DeclaredBitrate = audio.Bitrate > 0 ? audio.Bitrate : DeclaredBitrate(boxes),
        };
        description = new SampleDescription(track, entry, ColourDescription.Unspecified, encryption);
        return true;
    }

    static int DeclaredBitrate(ReadOnlyMemory<byte> boxes) =>
        TryFind(boxes, "btrt"u8, out var btrt) && btrt.Length >= 12
            ? (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(btrt.Span[8..]), int.MaxValue)
            : 0;

    internal static bool TryFind(ReadOnlyMemory<byte> boxes, ReadOnlySpan<byte> type, out ReadOnlyMemory<byte> payload)
    {
        var reader = new BoxReader(boxes.Span);
        while (reader.MoveNext())
        {
            if (reader.Is(type))
            {
                payload = boxes.Slice(reader.PayloadStart, reader.Payload.Length);
                return true;
            }
        }

        payload = default;
        return false;
    }
}
