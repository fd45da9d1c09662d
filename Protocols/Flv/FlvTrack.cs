using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

/// <summary>One track of an FLV stream: its configuration as it stands.</summary>
sealed class FlvTrack(int id)
{
    byte[] _config = [];
    uint _signature;

    /// <summary>The track as frames carry it; null until a configuration, or a frame that describes itself, has come.</summary>
    public TrackInfo? Info { get; set; }

    /// <summary>Bytes of the length before each NAL unit on the wire.</summary>
    public int NalLengthSize { get; private set; } = 4;

    /// <summary>
    /// Takes a decoder configuration; false if it cannot be read. The same one again, which encoders like to send, changes nothing.
    /// </summary>
    public bool TryConfigure(Codec codec, ReadOnlySpan<byte> config)
    {
        if (Info is { } now && now.Codec == codec && config.SequenceEqual(_config))
        {
            return true;
        }

        if (config.IsEmpty && DescribesItself(codec))
        {
            Info = Info?.Codec == codec ? Info : null;   // Opus may say nothing here: its frames do
            return true;
        }

        // Frames will have lengths of four bytes, whatever they have on the wire.
        var written = config.ToArray();
        var lengthSize = NalUnits.LengthSize(codec, written);
        if (lengthSize != 4)
        {
            written[codec == Codec.H264 ? 4 : 21] |= 3;
        }

        if (!TrackConfiguration.TryCreate(codec, id, written, out var track))
        {
            return false;
        }

        (Info, _config, NalLengthSize) = (track, config.ToArray(), lengthSize);
        return true;
    }

    /// <summary>
    /// Makes sure that <see cref="Info"/> fits a frame of that codec; false if nothing is known about the track yet. Codecs without a
    /// configuration are read from the frame, again where its header differs from the one before.
    /// </summary>
    public bool TryFit(Codec codec, ReadOnlySpan<byte> frame)
    {
        var signature = Signature(codec, frame);
        if (Info is { } now && now.Codec == codec && signature == _signature)
        {
            return true;
        }

        if (!DescribesItself(codec))
        {
            return Info?.Codec == codec;
        }

        if (Info?.Codec == codec && _signature == 0)
        {
            _signature = signature;   // the configuration came first: keep it
            return true;
        }

        if (!TrackConfiguration.TryCreateFromFrame(codec, id, frame, out var track))
        {
            return false;
        }

        (Info, _config, _signature) = (track, [], signature);
        return true;
    }

    static bool DescribesItself(Codec codec) =>
        codec is Codec.Mp3 or Codec.Ac3 or Codec.Eac3 or Codec.Opus or Codec.Vp8 or Codec.Vp9 or Codec.Av1;

    // The bits of a frame's header that stay the same while the configuration does: version, rate, channels.
    static uint Signature(Codec codec, ReadOnlySpan<byte> frame) => codec switch
    {
        Codec.Mp3 when frame.Length >= 4 => (uint)((frame[1] & 0xFE) << 16 | (frame[2] & 0x0C) << 8 | (frame[3] >> 6 == 3 ? 2 : 1)),
        Codec.Ac3 when frame.Length >= 7 => (uint)((frame[4] & 0xC0) << 16 | (frame[5] & 0xF8) << 8 | frame[6] >> 5) | 1u << 31,
        Codec.Eac3 when frame.Length >= 6 => (uint)(frame[4] << 8 | frame[5] & 0xF8) | 1u << 31,
        _ => 0,
    };
}
