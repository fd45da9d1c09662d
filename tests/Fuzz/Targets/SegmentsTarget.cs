using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Codecs;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;

namespace Tributary.Fuzz.Targets;

/// <summary>
/// Frames of one video and one audio track, each behind a head of seven bytes (flags, composition offset, step of time, length): both muxers write as
/// many bytes as they measured, whole transport packets, and counters that end where the next segment begins.
/// </summary>
[FuzzTarget("segments")]
static class SegmentsTarget
{
    const int Head = 7;
    const int PacketSize = 188;
    const string AvcC = "0164000bffe100196764000bacd942847e5c0440000003004000000c83c50a658001000668ebe3cb22c0fdf8f800";

    static readonly TrackInfo Video = Track(Codec.H264, 1, AvcC);
    static readonly TrackInfo Audio = Track(Codec.Aac, 2, "1190");

    public static void Run(ReadOnlySpan<byte> input)
    {
        var pool = new FramePool(4_096, keptSlabs: 0);
        using (var arena = new FrameArena(pool))
        {
            var frames = Read(input, arena);
            CheckTransportStream(frames);
            CheckFragments([.. frames.Where(static frame => frame.Track == Video)]);
            foreach (var frame in frames)
            {
                frame.Data.Release();
            }
        }

        Holds.That(pool.SlabsInUse == 0, "Frame memory was kept.");
    }

    static Frame[] Read(ReadOnlySpan<byte> input, FrameArena arena)
    {
        List<Frame> frames = [];
        for (var time = 0L; input.Length >= Head && frames.Count < 200;)
        {
            var track = (input[0] & 0x80) != 0 ? Audio : Video;
            var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input[5..]), input.Length - Head);
            time += BinaryPrimitives.ReadInt16BigEndian(input[3..]);
            frames.Add(new Frame(
                track,
                arena.Copy(input.Slice(Head, length)),
                MediaTime.Rescale(time, MediaTime.Hz90k, track.Timescale),
                BinaryPrimitives.ReadInt16BigEndian(input[1..]),
                0,
                (FrameFlags)(input[0] & 3)));
            input = input[(Head + length)..];
        }

        return [.. frames];
    }

    static void CheckTransportStream(Frame[] frames)
    {
        var output = new ArrayBufferWriter<byte>();
        var length = TsSegment.Write(output, Video, Audio, frames, 5);
        Holds.That(length == output.WrittenCount, "The returned length is not the written one.");
        Holds.That(length == TsSegment.Measure(Video, Audio, frames), "The measured length is not the written one.");
        Holds.That(length % PacketSize == 0, "Not whole packets.");

        Span<int> counted = stackalloc int[0x2000];
        for (var packet = output.WrittenSpan; !packet.IsEmpty; packet = packet[PacketSize..])
        {
            var pid = BinaryPrimitives.ReadUInt16BigEndian(packet[1..]) & 0x1FFF;
            Holds.That(packet[0] == 0x47, "A packet without its sync byte.");
            if ((packet[3] & 0x10) != 0 && pid is 0x100 or 0x101)
            {
                Holds.That((packet[3] & 0xF) == (counted[pid]++ & 0xF), "A counter jumped.");
            }
        }

        Holds.That(counted[0x100] % 16 == 0 && counted[0x101] % 16 == 0, "A counter does not end where the next segment begins.");
    }

    static void CheckFragments(Frame[] frames)
    {
        var output = new ArrayBufferWriter<byte>();
        var end = frames.Length == 0 ? 0 : frames[^1].Dts + 3_600;
        var header = CmafChunk.WriteHeader(output, Video, 1, frames, end);
        Holds.That(header == output.WrittenCount && header == CmafChunk.MeasureHeader(frames, end), "The measured length is not the written one.");

        var whole = new ArrayBufferWriter<byte>();
        CmafChunk.Write(whole, Video, 1, frames, end);
        var boxes = new BoxReader(whole.WrittenSpan);
        Holds.That(boxes.MoveNext() && boxes.Is("moof"u8) && boxes.MoveNext() && boxes.Is("mdat"u8), "Not a moof and an mdat.");
        Holds.That(boxes.Payload.Length == CmafChunk.PayloadLength(frames), "The mdat is not as long as the frames.");
        Holds.That(!boxes.MoveNext() && !boxes.Malformed, "Something stands behind the mdat.");
    }

    static TrackInfo Track(Codec codec, int id, string config) =>
        TrackConfiguration.TryCreate(codec, id, Convert.FromHexString(config), out var track)
            ? track
            : throw new InvalidOperationException("The target's own configuration was refused.");
}
