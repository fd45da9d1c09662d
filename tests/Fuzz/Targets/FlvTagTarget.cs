using System.Buffers.Binary;
using System.Text.Json;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;

namespace Tributary.Fuzz.Targets;

/// <summary>
/// Tag bodies, each behind its type and a length of two bytes: every frame that comes out fits its track, and its NAL units fit the frame.
/// </summary>
[FuzzTarget("flv-tag")]
static class FlvTagTarget
{
    static readonly FramePool Pool = new(slabSize: 4_096) { Poison = true };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var arena = new FrameArena(Pool);
        var flv = new FlvToFrames(new CheckingSink(), arena);
        for (var time = 0u; input.Length >= 3; time += 20)
        {
            var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input[1..]), input.Length - 3);
            var body = input.Slice(3, length);
            switch (input[0])
            {
                case FlvTag.Audio:
                    flv.OnAudio(time, arena.Copy(body));
                    break;
                case FlvTag.Video:
                    flv.OnVideo(time, arena.Copy(body));
                    break;
                default:
                    flv.OnData(time, body);
                    break;
            }

            input = input[(3 + length)..];
        }

        arena.Dispose();
        Holds.That(Pool.SlabsInUse == 0, "Frame memory was kept.");
    }

    sealed class CheckingSink : IFrameSink
    {
        public void OnFrame(in Frame frame, SourceClock clock)
        {
            Holds.That(frame.Data.Length > 0, "An empty frame.");
            Holds.That(frame.Track.Timescale > 0, "A track without a clock.");
            Holds.That(frame.Track.Kind == (frame.Track.Id > 100 ? TrackKind.Audio : TrackKind.Video), "A track of the wrong kind.");
            Holds.That(frame.CompositionOffset is >= -(1 << 23) and < 1 << 23, "A composition offset of more than 24 bits.");
            if (frame.Track.Codec is Codec.H264 or Codec.Hevc)
            {
                var nals = NalUnits.LengthPrefixed(frame.Data.Span);
                while (nals.MoveNext())
                {
                }

                Holds.That(!nals.Malformed, "NAL units that do not fit their frame.");
                Holds.That(
                    frame.IsKey == NalUnits.IsKeyFrame(frame.Data.Span, frame.Track.Codec), "A key frame that is none, or the reverse.");
                Holds.That(
                    NalUnits.LengthSize(frame.Track.Codec, frame.Track.DecoderConfig.Span) == 4,
                    "A configuration with other lengths than the frames.");
            }

            frame.Data.Release();
        }

        public void OnMetadata(IReadOnlyDictionary<string, string> values)
        {
            Holds.That(values.Count <= 64, "More metadata than the limit allows.");
            foreach (var (name, value) in values)
            {
                Holds.That(name.Length <= 256 && value.Length <= 256, "Longer metadata than the limit allows.");
                Holds.That(!name.Any(char.IsControl) && !value.Any(char.IsControl), "Metadata that no log line can bear.");
            }
        }

        public void OnTimedMetadata(string text, long timestamp, SourceClock clock)
        {
            Holds.That(text.Length is > 0 and <= TimedMetadata.MaxLength, "Timed metadata of another length than the limit allows.");
            Holds.That(text.All(static letter => letter is >= ' ' and <= '~'), "Timed metadata that is not plain ASCII.");
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64 });
        }
    }
}
