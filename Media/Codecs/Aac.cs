using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>AAC, as its AudioSpecificConfig describes it.</summary>
public static class Aac
{
    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> config, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        if (!AudioSpecificConfig.TryParse(config, out var parsed))
        {
            return false;
        }

        track = new TrackInfo
        {
            Id = trackId,
            Codec = Codec.Aac,
            Timescale = parsed.SampleRate,
            DecoderConfig = config.ToArray(),
            CodecString = string.Create(CultureInfo.InvariantCulture, $"mp4a.40.{parsed.SignalledObjectType}"),
            SampleRate = parsed.SampleRate,
            Channels = parsed.Channels,
            SamplesPerFrame = parsed.SamplesPerFrame,
        };
        return true;
    }
}
