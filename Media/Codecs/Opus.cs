using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>
/// Opus: the identification header of RFC 7845 §5.1 ("OpusHead", little-endian) and the OpusSpecificBox (Encapsulation of Opus in ISOBMFF §4.3.2,
/// big-endian, version 0), which have the same fields.
/// </summary>
/// <remarks>
/// <code>
/// version | channels | pre-skip(16) | input rate(32) | gain(16) | family | streams, coupled, mapping[channels] if family is not 0
/// </code>
/// </remarks>
public static class Opus
{
    public const int SampleRate = 48_000;
    const int FixedPart = 11;

    static ReadOnlySpan<byte> Magic => "OpusHead"u8;

    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> config, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        var isHead = config.StartsWith(Magic);
        var fields = isHead ? config[Magic.Length..] : config;
        if (fields.Length < FixedPart || !HasKnownVersion(fields[0], isHead) || fields[1] == 0)
        {
            return false;
        }

        int channels = fields[1];
        var length = fields[10] == 0 ? FixedPart : FixedPart + 2 + channels;
        if (fields.Length < length || (fields[10] == 0 && channels > 2))
        {
            return false;
        }

        var dOps = fields[..length].ToArray();
        if (isHead)
        {
            dOps[0] = 0;
            dOps.AsSpan(2, 2).Reverse();
            dOps.AsSpan(4, 4).Reverse();
            dOps.AsSpan(8, 2).Reverse();
        }

        track = Create(trackId, dOps);
        return true;
    }

    /// <summary>From a packet alone (RFC 6716 §3.1), as WebRTC and SRT send it: family 0, nothing to skip.</summary>
    internal static bool TryCreateTrackFromFrame(int trackId, ReadOnlySpan<byte> packet, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!TryReadDuration(packet, out _))
        {
            return false;
        }

        var channels = (byte)((packet[0] & 4) != 0 ? 2 : 1);
        track = Create(trackId, [0, channels, 0, 0, 0, 0, 0xBB, 0x80, 0, 0, 0]);
        return true;
    }

    /// <summary>The identification header of RFC 7845 for a dOps body; empty where that is cut short.</summary>
    public static byte[] ToOpusHead(ReadOnlySpan<byte> dOps)
    {
        if (dOps.Length < FixedPart)
        {
            return [];
        }

        byte[] head = [.. Magic, .. dOps];
        head[8] = 1;
        head.AsSpan(10, 2).Reverse();
        head.AsSpan(12, 4).Reverse();
        head.AsSpan(16, 2).Reverse();
        return head;
    }

    /// <summary>Samples to drop from the start of the decoded sound, of a dOps body.</summary>
    public static int PreSkip(ReadOnlySpan<byte> dOps) => dOps.Length < FixedPart ? 0 : BinaryPrimitives.ReadUInt16BigEndian(dOps[2..]);

    /// <summary>Samples at 48 kHz that a packet decodes to (RFC 6716 §3.1 and §3.2); false for a packet that is against the rules.</summary>
    public static bool TryReadDuration(ReadOnlySpan<byte> packet, out int samples)
    {
        samples = 0;
        if (packet.IsEmpty)
        {
            return false;
        }

        var configuration = packet[0] >> 3;
        var frames = (packet[0] & 3) switch { 0 => 1, 1 or 2 => 2, _ => packet.Length > 1 ? packet[1] & 0x3F : 0 };
        samples = frames * configuration switch
        {
            < 12 => (configuration & 3) == 3 ? 2_880 : 480 << (configuration & 3),   // SILK: 10, 20, 40, 60 ms
            < 16 => 480 << (configuration & 1),                                      // hybrid: 10, 20 ms
            _ => 120 << (configuration & 3),                                         // CELT: 2.5, 5, 10, 20 ms
        };
        return samples is > 0 and <= 5_760;   // 120 ms
    }

    // A header of another minor version has the same fields; a box has version 0.
    static bool HasKnownVersion(byte version, bool isHead) => isHead ? version >> 4 == 0 : version == 0;

    static TrackInfo Create(int trackId, byte[] dOps) => new()
    {
        Id = trackId,
        Codec = Codec.Opus,
        Timescale = SampleRate,
        DecoderConfig = dOps,
        CodecString = "opus",
        SampleRate = SampleRate,
        Channels = dOps[1],
    };
}
