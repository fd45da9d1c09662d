using System.Buffers.Binary;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

/// <summary>
/// Looks into coded frames: encoders mark key frames wrongly, and a segment that starts with one that is none shows rubbish.
/// </summary>
static class FlvPictures
{
    const int FirstHevcParameterSet = 32;

    /// <summary>
    /// Reads the flags of a frame, and how many bytes to leave out at its start. False for a frame whose parts do not fit it, or that has
    /// no picture.
    /// </summary>
    public static bool TryInspect(in FlvPacket packet, ReadOnlySpan<byte> frame, int nalLengthSize, out FrameFlags flags, out int skip)
    {
        flags = packet.DeclaredDisposable ? FrameFlags.Disposable : FrameFlags.None;
        skip = 0;
        switch (packet.Codec)
        {
            case Codec.H264 or Codec.Hevc:
                return TryInspectNalUnits(packet.Codec, frame, nalLengthSize, out flags);
            case Codec.Av1:
                // A temporal delimiter does not belong in a sample (AV1-ISOBMFF §2.4); some senders leave it in.
                skip = frame.StartsWith((ReadOnlySpan<byte>)[0x12, 0x00]) ? 2 : 0;
                flags |= Av1Obus.IsKeyFrame(frame) ? FrameFlags.Key : FrameFlags.None;
                return frame.Length > skip;
            case Codec.Vp8:
                flags |= Vp8.IsKeyFrame(frame) ? FrameFlags.Key : FrameFlags.None;
                return true;
            case Codec.Vp9:
                flags |= Vp9.IsKeyFrame(frame) ? FrameFlags.Key : FrameFlags.None;
                return true;
            default:
                flags = FrameFlags.Key;
                return true;
        }
    }

    static bool TryInspectNalUnits(Codec codec, ReadOnlySpan<byte> frame, int lengthSize, out FrameFlags flags)
    {
        flags = FrameFlags.None;
        var hasPicture = false;
        var nals = NalUnits.LengthPrefixed(frame, lengthSize);
        while (nals.MoveNext())
        {
            var type = NalUnits.TypeOf(nals.Current, codec);
            hasPicture |= codec == Codec.H264
                ? type is >= NalUnits.H264Slice and <= NalUnits.H264Idr
                : type is >= 0 and < FirstHevcParameterSet;
        }

        if (nals.Malformed || !hasPicture)
        {
            return false;
        }

        if (NalUnits.IsKeyFrame(frame, codec, lengthSize))
        {
            flags = FrameFlags.Key;
        }
        else if (NalUnits.IsDisposable(frame, codec, lengthSize))
        {
            flags = FrameFlags.Disposable;
        }

        return true;
    }

    /// <summary>
    /// A copy of a frame with lengths of four bytes, for encoders that write one, two or three. The frame has been inspected.
    /// </summary>
    public static FrameData WithLongLengths(ReadOnlySpan<byte> frame, int lengthSize, FrameArena arena)
    {
        var total = 0;
        foreach (var nal in NalUnits.LengthPrefixed(frame, lengthSize))
        {
            total += 4 + nal.Length;
        }

        var data = arena.Allocate(total);
        var rest = data.Writable;
        foreach (var nal in NalUnits.LengthPrefixed(frame, lengthSize))
        {
            BinaryPrimitives.WriteInt32BigEndian(rest, nal.Length);
            nal.CopyTo(rest[4..]);
            rest = rest[(4 + nal.Length)..];
        }

        return data;
    }
}
