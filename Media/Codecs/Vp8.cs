using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>VP8 (RFC 6386). It has no configuration of its own: what a muxer needs is in the header of a key frame.</summary>
public static class Vp8
{
    internal static bool TryCreateTrackFromFrame(int trackId, ReadOnlySpan<byte> frame, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!TryParseKeyFrame(frame, out var profile, out var width, out var height))
        {
            return false;
        }

        Span<byte> record = [(byte)profile, 10, 8 << 4, 2, 2, 2, 0, 0];   // VP8 knows no levels; 8 bits, 4:2:0
        track = Vp9.Create(Codec.Vp8, trackId, record, width, height);
        return true;
    }

    /// <summary>
    /// RFC 6386 §9.1: a tag of three bytes (not_key(1) version(3) show(1) size(19), least significant bit first), the start code 9D 01 2A, then width
    /// and height of 14 bits with a scale of 2 bits each, little-endian. False for any other frame.
    /// </summary>
    public static bool TryParseKeyFrame(ReadOnlySpan<byte> frame, out int profile, out int width, out int height)
    {
        (profile, width, height) = (0, 0, 0);
        if (frame.Length < 10 || !IsKeyFrame(frame) || !frame[3..].StartsWith<byte>([0x9D, 0x01, 0x2A]))
        {
            return false;
        }

        profile = (frame[0] >> 1) & 7;
        width = BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]) & 0x3FFF;
        height = BinaryPrimitives.ReadUInt16LittleEndian(frame[8..]) & 0x3FFF;
        return profile <= 3 && width > 0 && height > 0;
    }

    public static bool IsKeyFrame(ReadOnlySpan<byte> frame) => !frame.IsEmpty && (frame[0] & 1) == 0;
}
