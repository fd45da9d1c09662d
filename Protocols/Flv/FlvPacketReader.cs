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
public ref partial struct FlvPacketReader(ReadOnlySpan<byte> tag, TrackKind kind)
{
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

    readonly FlvPacket Packet(FlvPacketKind packetKind, Codec codec, uint id, int track, int start, int end, int offset) => new(
        packetKind, codec, id, track, _frameType == KeyFrame, _frameType == DisposableFrame, offset, _nanoseconds, start, end - start);

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
