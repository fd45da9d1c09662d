using System.Buffers;
using Tributary.Media.Codecs;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;

namespace Tributary.Fuzz.Targets;

/// <summary>
/// A codec's number, whether what follows is a configuration (0) or a frame, and the bytes: a track that is accepted has sane numbers, is accepted again
/// by its own configuration, and can be described by the muxers.
/// </summary>
[FuzzTarget("track-configuration")]
static class TrackConfigurationTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 2)
        {
            return;
        }

        var (codec, isConfig) = ((Codec)(input[0] % 12), input[1] == 0);
        TrackInfo? track;
        var created = isConfig
            ? TrackConfiguration.TryCreate(codec, 1, input[2..], out track)
            : TrackConfiguration.TryCreateFromFrame(codec, 1, input[2..], out track);
        Holds.That(created == track is not null, "The answer and the track disagree.");
        if (track is not null)
        {
            CheckNumbers(track);
            CheckAgain(track);
            CheckMuxers(TrackConfiguration.Complete(track, input[2..]));
        }
    }

    static void CheckNumbers(TrackInfo track)
    {
        Holds.That(track.Timescale > 0 && track.CodecString.Length > 0, "A track without a clock or a name.");
        if (track.Kind == TrackKind.Audio)
        {
            Holds.That(track.SampleRate > 0 && track.Channels > 0 && track.SamplesPerFrame >= 0, "Impossible sound.");
        }
        else
        {
            Holds.That(track.Width is >= 0 and <= 65_536 && track.Height is >= 0 and <= 65_536, "An impossible picture.");
            Holds.That(track.MilliFramesPerSecond is >= 0 and <= 1_000_000, "An impossible frame rate.");
        }
    }

    static void CheckAgain(TrackInfo track)
    {
        if (track.DecoderConfig.IsEmpty || (track.Codec == Codec.Eac3 && track.DecoderConfig.Span[2] >> 6 == 3))
        {
            return;   // MP3 has none; the dec3 of half sample rates does not say which rate
        }

        Holds.That(TrackConfiguration.TryCreate(track.Codec, 1, track.DecoderConfig.Span, out var again), "Its own configuration was refused.");
        Holds.That(track.CodecString == again!.CodecString && track.IsSameConfiguration(again), "Its own configuration reads as another.");
    }

    static void CheckMuxers(TrackInfo track)
    {
        var output = new ArrayBufferWriter<byte>();
        CmafInitSegment.Write(output, track);
        Holds.That(BoxReader.TryFind(output.WrittenSpan, "moov"u8, out _), "The init segment cannot be read.");
        if (TsSupport.Carries(track))
        {
            var isVideo = track.Kind == TrackKind.Video;
            var length = TsSegment.Measure(isVideo ? track : null, isVideo ? null : track, []);
            Holds.That(length == 2 * 188, "The tables of a transport stream are not two packets.");
        }
    }
}
