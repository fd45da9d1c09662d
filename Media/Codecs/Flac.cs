using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>FLAC, as its STREAMINFO block describes it (RFC 9639 §8.2).</summary>
/// <remarks>
/// <code>
/// 0-1 smallest block | 2-3 largest block | 4-9 frame sizes | 10-13 rate(20) channels-1(3) bits-1(5) total(4 of 36) | 14-17 total | 18-33 MD5
/// </code>
/// </remarks>
public static class Flac
{
    internal const int StreamInfoSize = 34;
    const int BlockHeader = 4;

    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> config, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!TryFindStreamInfo(config, out var info))
        {
            return false;
        }

        var format = BinaryPrimitives.ReadUInt32BigEndian(info[10..]);
        var rate = (int)(format >> 12);
        var (smallest, largest) = (BinaryPrimitives.ReadUInt16BigEndian(info), BinaryPrimitives.ReadUInt16BigEndian(info[2..]));
        if (rate == 0 || largest < smallest)
        {
            return false;
        }

        track = new TrackInfo
        {
            Id = trackId,
            Codec = Codec.Flac,
            Timescale = rate,
            DecoderConfig = info.ToArray(),
            CodecString = "fLaC",
            SampleRate = rate,
            Channels = (int)((format >> 9) & 7) + 1,
            SamplesPerFrame = smallest == largest ? largest : 0,
        };
        return true;
    }

    /// <summary>Bits per sample of a STREAMINFO block.</summary>
    public static int BitsPerSample(ReadOnlySpan<byte> streamInfo) =>
        streamInfo.Length < StreamInfoSize ? 0 : (int)((BinaryPrimitives.ReadUInt32BigEndian(streamInfo[10..]) >> 4) & 0x1F) + 1;

    // "fLaC" and a block header, a block header alone (with or without the version and flags of dfLa), or the block itself.
    static bool TryFindStreamInfo(ReadOnlySpan<byte> config, out ReadOnlySpan<byte> info)
    {
        info = default;
        if (config.StartsWith("fLaC"u8) || (config.Length >= StreamInfoSize + 2 * BlockHeader && config.StartsWith<byte>([0, 0, 0, 0])))
        {
            config = config[4..];
        }

        if (config.Length >= BlockHeader + StreamInfoSize && (config[0] & 0x7F) == 0 && config[1..].StartsWith<byte>([0, 0, StreamInfoSize]))
        {
            config = config[BlockHeader..];
        }

        if (config.Length < StreamInfoSize)
        {
            return false;
        }

        info = config[..StreamInfoSize];
        return true;
    }
}
