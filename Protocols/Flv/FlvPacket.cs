using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

/// <summary>What a packet of an FLV audio or video tag is.</summary>
public enum FlvPacketKind : byte
{
    /// <summary>Nothing that concerns frames: a seek command, HDR metadata, silence, a packet type that is not known.</summary>
    Other,

    /// <summary>The decoder configuration of the track.</summary>
    Configuration,

    /// <summary>A coded picture or audio frame.</summary>
    Coded,

    /// <summary>The sequence ends; another may follow.</summary>
    End,

    /// <summary>Channel count and order of audio whose codec does not say (enhanced RTMP MultichannelConfig).</summary>
    Channels,

    /// <summary>A codec that Tributary does not carry.</summary>
    Unsupported,
}

/// <summary>One packet of a tag: a tag of enhanced RTMP may hold one for each of several tracks.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Codec">The codec; none where it is not supported.</param>
/// <param name="CodecId">The codec as the tag writes it: a FourCC, or the number of the older format.</param>
/// <param name="Track">The track's number on the wire: 0 for the default track.</param>
/// <param name="DeclaredKey">Whether the tag calls it a key frame.</param>
/// <param name="DeclaredDisposable">Whether the tag calls it a disposable inter frame.</param>
/// <param name="CompositionOffset">Presentation minus decoding time in ms.</param>
/// <param name="Nanoseconds">What its time has beyond whole milliseconds, 0 to 999,999.</param>
/// <param name="Start">Where its body starts in the tag.</param>
/// <param name="Length">Bytes of its body.</param>
public readonly record struct FlvPacket(
    FlvPacketKind Kind, Codec Codec, uint CodecId, int Track, bool DeclaredKey, bool DeclaredDisposable, int CompositionOffset,
    int Nanoseconds, int Start, int Length);
