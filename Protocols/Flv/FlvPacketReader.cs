using System.Buffers.Binary;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

/// <summary>
/// Reads the packets of one audio or video tag body, of the older format (Video File Format 10.1, E.4.2.1 and E.4.3.1) or of enhanced RTMP
/// v1 and v2 (ExAudioTagHeader, ExVideoTagHeader).
/// <code>
///  older video    frame type 4 | codec 4            [ packet type 8 | composition time 24 ]  body
///  older audio    format 4 | rate 2 | size 1 | type 1   [ packet type 8 ]                    body
///  enhanced       1 | frame type 3 | packet type 4   or   9 | packet type 4
///                 ( ModEx: size-1 8 [ size-1 16 ] | data | type 4 | packet type 4 )*
///                 [ Multitrack: kind 4 | packet type 4 ]   [ FourCC 32 ]
///                 ( [ FourCC 32 ] [ track 8 ] [ size 24 ]  [ composition time 24 ]  body )+
/// </code>
/// </summary>
public ref struct FlvPacketReader(ReadOnlySpan<byte> tag, TrackKind kind)
{
    const int SequenceStart = 0, CodedFrames = 1, SequenceEnd = 2, CodedFramesX = 3, VideoMultitrack = 6, AudioMultitrack = 5, ModEx = 7,
        AudioChannels = 4;

    const int OneTrack = 0, ManyTracks = 1, ManyTracksManyCodecs = 2;
    const int KeyFrame = 1, DisposableFrame = 3, CommandFrame = 5;

    readonly ReadOnlySpan<byte> _tag = tag;
    int _at;
    bool _opened, _ended;
    int _packetType, _frameType, _nanoseconds;
    int _multitrack = -1;
    uint _fourCc;

    /// <summary>Whether the tag ended within a field, or held something that no version of the format allows.</summary>
    public bool Malformed { get; private set; }

    /// <summary>The next packet; false at the end of the tag or where it is malformed.</summary>
    public bool TryNext(out FlvPacket packet)
    {
        packet = default;
        if (_ended || Malformed || (_tag.IsEmpty && !_opened))
        {
            return false;   // an empty tag is legal: it marks silence
        }

        if (_opened)
        {
            return TryReadTrack(out packet);
        }

        _opened = true;
        var isEnhanced = kind == TrackKind.Video ? (_tag[0] & 0x80) != 0 : _tag[0] >> 4 == FlvCodecs.ExAudio;
        if (!isEnhanced)
        {
            _ended = true;
            return kind == TrackKind.Video ? TryReadOlderVideo(out packet) : TryReadOlderAudio(out packet);
        }

        return TryOpenEnhanced(out packet);
    }

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

    readonly FlvPacket Packet(FlvPacketKind packetKind, Codec codec, uint id, int track, int start, int end, int offset) => new(
        packetKind, codec, id, track, _frameType == KeyFrame, _frameType == DisposableFrame, offset, _nanoseconds, start, end - start);

    bool TryReadFourCc()
    {
        if (!TryTake(4, out var fourCc))
        {
            return false;
        }

        _fourCc = BinaryPrimitives.ReadUInt32BigEndian(fourCc);
        return true;
    }

    // 24 bits, signed: encoders of the older format write negative ones too.
    static int CompositionTime(ReadOnlySpan<byte> bytes) => (bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8) >> 8;

    bool TryTake(int count, out ReadOnlySpan<byte> bytes)
    {
        if (_tag.Length - _at < count)
        {
            bytes = default;
            return false;
        }

        bytes = _tag.Slice(_at, count);
        _at += count;
        return true;
    }

    bool Fail()
    {
        Malformed = true;
        return false;
    }
}
