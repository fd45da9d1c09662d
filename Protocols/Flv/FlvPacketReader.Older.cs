using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

// The older format: one packet per tag.
public ref partial struct FlvPacketReader
{
    bool TryReadOlderVideo(out FlvPacket packet)
    {
        packet = default;
        _frameType = _tag[0] >> 4;
        var number = _tag[0] & 0x0F;
        var codec = FlvCodecs.OfVideoNumber(number);
        if (_frameType == CommandFrame)
        {
            return true;
        }

        if (codec == Codec.None)
        {
            packet = new FlvPacket { Kind = FlvPacketKind.Unsupported, CodecId = (uint)number };
            return true;
        }

        if (_tag.Length < 5)
        {
            return Fail();
        }

        packet = Packet(KindOfOlder(_tag[1]), codec, (uint)number, 0, 5, _tag.Length, CompositionTime(_tag[2..]));
        return true;
    }

    bool TryReadOlderAudio(out FlvPacket packet)
    {
        packet = default;
        var number = _tag[0] >> 4;
        var codec = FlvCodecs.OfAudioNumber(number);
        if (codec == Codec.None)
        {
            packet = new FlvPacket { Kind = FlvPacketKind.Unsupported, CodecId = (uint)number };
            return true;
        }

        if (codec == Codec.Mp3)
        {
            packet = Packet(FlvPacketKind.Coded, codec, (uint)number, 0, 1, _tag.Length, 0);
            return true;
        }

        if (_tag.Length < 2)
        {
            return Fail();
        }

        packet = Packet(KindOfOlder(_tag[1]), codec, (uint)number, 0, 2, _tag.Length, 0);
        return true;
    }

    static FlvPacketKind KindOfOlder(byte packetType) => packetType switch
    {
        0 => FlvPacketKind.Configuration,
        1 => FlvPacketKind.Coded,
        2 => FlvPacketKind.End,
        _ => FlvPacketKind.Other,
    };
}
