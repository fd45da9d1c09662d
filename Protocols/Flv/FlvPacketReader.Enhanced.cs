using System.Buffers.Binary;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

// Enhanced RTMP: packets of one track or several, with a FourCC.
public ref partial struct FlvPacketReader
{
    const int SequenceStart = 0, CodedFrames = 1, SequenceEnd = 2, CodedFramesX = 3, VideoMultitrack = 6, AudioMultitrack = 5, ModEx = 7,
        AudioChannels = 4;

    const int OneTrack = 0, ManyTracks = 1, ManyTracksManyCodecs = 2;

    bool TryOpenEnhanced(out FlvPacket packet)
    {
        packet = default;
        _frameType = kind == TrackKind.Video ? _tag[0] >> 4 & 7 : KeyFrame;
        _packetType = _tag[0] & 0x0F;
        _at = 1;
        while (_packetType == ModEx)
        {
            if (!TryReadModEx())
            {
                return Fail();
            }
        }

        if (kind == TrackKind.Video && _frameType == CommandFrame && _packetType != 4)
        {
            _ended = true;
            return true;
        }

        if (_packetType == (kind == TrackKind.Video ? VideoMultitrack : AudioMultitrack))
        {
            if (!TryTake(1, out var multitrack))
            {
                return Fail();
            }

            _multitrack = multitrack[0] >> 4;
            _packetType = multitrack[0] & 0x0F;
            if (_multitrack > ManyTracksManyCodecs || _packetType == ModEx)
            {
                return Fail();
            }
        }

        if (_multitrack != ManyTracksManyCodecs && !TryReadFourCc())
        {
            return Fail();
        }

        return TryReadTrack(out packet);
    }

    bool TryReadModEx()
    {
        if (!TryTake(1, out var small))
        {
            return false;
        }

        var size = small[0] + 1;
        if (size == 256)
        {
            if (!TryTake(2, out var large))
            {
                return false;
            }

            size = BinaryPrimitives.ReadUInt16BigEndian(large) + 1;
        }

        if (!TryTake(size, out var data) || !TryTake(1, out var types))
        {
            return false;
        }

        if (types[0] >> 4 == 0 && size >= 3)
        {
            _nanoseconds = Math.Min(data[0] << 16 | data[1] << 8 | data[2], 999_999);
        }

        _packetType = types[0] & 0x0F;
        return true;
    }

    bool TryReadTrack(out FlvPacket packet)
    {
        packet = default;
        if (_at == _tag.Length && _multitrack >= ManyTracks)
        {
            _ended = true;
            return false;
        }

        // 1. Which track, which codec, how long.
        var track = 0;
        var end = _tag.Length;
        if (_multitrack == ManyTracksManyCodecs && !TryReadFourCc())
        {
            return Fail();
        }

        if (_multitrack >= OneTrack)
        {
            if (!TryTake(1, out var number))
            {
                return Fail();
            }

            track = number[0];
        }

        if (_multitrack >= ManyTracks)
        {
            if (!TryTake(3, out var size))
            {
                return Fail();
            }

            end = _at + (size[0] << 16 | size[1] << 8 | size[2]);
            if (end > _tag.Length)
            {
                return Fail();
            }
        }

        // 2. What it is; coded pictures of codecs with reordering have their composition time first.
        var codec = FlvCodecs.OfFourCc(_fourCc, kind);
        var packetKind = codec == Codec.None ? FlvPacketKind.Unsupported : KindOfEnhanced();
        var offset = 0;
        if (packetKind == FlvPacketKind.Coded && _packetType == CodedFrames && codec is Codec.H264 or Codec.Hevc)
        {
            if (end - _at < 3)
            {
                return Fail();
            }

            offset = CompositionTime(_tag[_at..]);
            _at += 3;
        }

        packet = Packet(packetKind, codec, _fourCc, track, _at, end, offset);
        _at = end;
        _ended = _multitrack < ManyTracks;
        return true;
    }

    readonly FlvPacketKind KindOfEnhanced() => _packetType switch
    {
        SequenceStart => FlvPacketKind.Configuration,
        CodedFrames => FlvPacketKind.Coded,
        CodedFramesX when kind == TrackKind.Video => FlvPacketKind.Coded,
        SequenceEnd => FlvPacketKind.End,
        AudioChannels when kind == TrackKind.Audio => FlvPacketKind.Channels,
        _ => FlvPacketKind.Other,
    };

    bool TryReadFourCc()
    {
        if (!TryTake(4, out var fourCc))
        {
            return false;
        }

        _fourCc = BinaryPrimitives.ReadUInt32BigEndian(fourCc);
        return true;
    }
}
