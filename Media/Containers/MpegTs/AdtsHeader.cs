using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>
/// The header before each AAC frame in a transport stream (ISO/IEC 13818-7 §6.2, ISO/IEC 14496-3 §1.A.2.2). It describes the core: SBR and PS are found
/// by the decoder in the frames, which is how HE-AAC is signalled in ADTS.
/// </summary>
/// <remarks>
/// <code>
/// FFF(12) MPEG-4 = 0(1) layer(2) no CRC = 1(1) | profile(2) rate(4) private(1) channels(3) … frame length(13) fullness = 7FF(11) blocks-1(2)
/// </code>
/// </remarks>
readonly record struct AdtsHeader(int Profile, int FrequencyIndex, int ChannelConfiguration)
{
    public const int Size = 7;
    public const int MaxFrame = 0x1FFF - Size;

    /// <summary>False for object types beyond 4, rates without an index, and channels that only a program config element lists.</summary>
    public static bool TryCreate(TrackInfo track, out AdtsHeader header)
    {
        header = default;
        if (!AudioSpecificConfig.TryParse(track.DecoderConfig.Span, out var config)
            || config.ObjectType is < 1 or > 4 || config.FrequencyIndex < 0 || config.ChannelConfiguration is < 1 or > 7)
        {
            return false;
        }

        header = new AdtsHeader(config.ObjectType - 1, config.FrequencyIndex, config.ChannelConfiguration);
        return true;
    }

    public void Write(Span<byte> output, int frameLength)
    {
        var length = frameLength + Size;
        output[0] = 0xFF;
        output[1] = 0xF1;
        output[2] = (byte)((Profile << 6) | (FrequencyIndex << 2) | (ChannelConfiguration >> 2));
        output[3] = (byte)((ChannelConfiguration << 6) | (length >> 11));
        output[4] = (byte)(length >> 3);
        output[5] = (byte)((length << 5) | 0x1F);
        output[6] = 0xFC;
    }
}
