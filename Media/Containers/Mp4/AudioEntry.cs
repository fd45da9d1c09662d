using System.Globalization;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>The codec of an audio sample entry and its configuration.</summary>
/// <param name="CodecString">As RFC 6381 names it; empty where the configuration says it.</param>
/// <param name="Bitrate">Bits per second; 0 where it is not said.</param>
readonly record struct AudioEntry(Codec Codec, ReadOnlyMemory<byte> Config, string CodecString, int Bitrate)
{
    const int FlacHeader = 8;   // version and flags of the box, type and length of the block

    /// <summary>False for a codec that is not known.</summary>
    /// <param name="type">Type of the entry, before encryption.</param>
    /// <param name="boxes">The boxes within the entry.</param>
    public static bool TryRead(ReadOnlySpan<byte> type, ReadOnlyMemory<byte> boxes, out AudioEntry entry)
    {
        entry = type switch
        {
            _ when type.SequenceEqual("mp4a"u8) => ReadMpeg4(boxes),
            _ when type.SequenceEqual(".mp3"u8) || type.SequenceEqual((ReadOnlySpan<byte>)[0x6D, 0x73, 0, 0x55]) => new AudioEntry(Codec.Mp3, default, "mp4a.6b", 0),
            _ when type.SequenceEqual("ac-3"u8) => new AudioEntry(Codec.Ac3, Find(boxes, "dac3"u8), "ac-3", 0),
            _ when type.SequenceEqual("ec-3"u8) => new AudioEntry(Codec.Eac3, Find(boxes, "dec3"u8), "ec-3", 0),
            _ when type.SequenceEqual("Opus"u8) => new AudioEntry(Codec.Opus, Find(boxes, "dOps"u8), "opus", 0),
            _ when type.SequenceEqual("fLaC"u8) => new AudioEntry(Codec.Flac, StreamInfo(Find(boxes, "dfLa"u8)), "fLaC", 0),
            _ when type.StartsWith("dts"u8) => new AudioEntry(Codec.Dts, Find(boxes, "ddts"u8), System.Text.Encoding.ASCII.GetString(type), 0),
            _ => default,
        };
        return entry.Codec != Codec.None;
    }

    // QuickTime puts the descriptor into a box "wave".
    static AudioEntry ReadMpeg4(ReadOnlyMemory<byte> boxes)
    {
        var esds = Find(boxes, "esds"u8);
        esds = esds.IsEmpty ? Find(Find(boxes, "wave"u8), "esds"u8) : esds;
        if (!ElementaryStreamDescriptor.TryRead(esds, out var stream))
        {
            return new AudioEntry(Codec.Aac, default, "", 0);
        }

        var codec = stream.ObjectType switch
        {
            0x40 or 0x66 or 0x67 or 0x68 => Codec.Aac,
            0x69 or 0x6B => Codec.Mp3,
            0xA5 => Codec.Ac3,
            0xA6 => Codec.Eac3,
            0xA9 => Codec.Dts,
            0xDD => Codec.Vorbis,
            _ => Codec.None,
        };
        var name = codec == Codec.Aac ? "" : string.Create(CultureInfo.InvariantCulture, $"mp4a.{stream.ObjectType:x2}");
        return new AudioEntry(codec, stream.Specific, name, (int)Math.Min(stream.AverageBitrate, int.MaxValue));
    }

    static ReadOnlyMemory<byte> StreamInfo(ReadOnlyMemory<byte> dfLa) => dfLa.Length > FlacHeader ? dfLa[FlacHeader..] : default;

    static ReadOnlyMemory<byte> Find(ReadOnlyMemory<byte> boxes, ReadOnlySpan<byte> type) =>
        SampleEntryReader.TryFind(boxes, type, out var payload) ? payload : default;
}
