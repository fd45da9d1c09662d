using System.Runtime.CompilerServices;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod;

/// <summary>What a track's key frames weigh. Worked out once per source and kept with it.</summary>
static class KeyFrames
{
    static readonly ConditionalWeakTable<SourceTrack, object> Known = [];

    /// <summary>Bits per second of a stream of the key frames alone.</summary>
    internal static long Bitrate(SetTrack track)
    {
        var source = track.Source;
        var bytes = (long)Known.GetValue(source, static source => Bytes(source));
        return source.Duration <= 0 ? 0 : (long)((Int128)bytes * 8 * source.Info.Timescale / source.Duration);
    }

    static long Bytes(SourceTrack source)
    {
        long bytes = 0;
        Span<SourceFrame> frame = stackalloc SourceFrame[1];
        for (var key = source.NextKeyFrame(0); key < source.FrameCount; key = source.NextKeyFrame(key + 1))
        {
            if (source.Read(key, frame) != 1)
            {
                break;
            }

            bytes += frame[0].Size;
        }

        return bytes;
    }
}

/// <summary>Frame rates of files, which do not say them.</summary>
static class FrameRate
{
    /// <summary>Pictures per 1,000 seconds: what the shortest distance between two pictures gives.</summary>
    internal static long Milli(SetTrack video) =>
        video.Source.MinFrameDuration > 0 ? (video.Info.Timescale * 1000L + video.Source.MinFrameDuration / 2) / video.Source.MinFrameDuration
        : video.Info.MilliFramesPerSecond;
}
