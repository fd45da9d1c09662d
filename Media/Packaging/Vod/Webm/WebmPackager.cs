using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Webm;

/// <summary>
/// Segments of one track of VP8, VP9, Opus or Vorbis as WebM (RFC 9559), as DASH tells of them: an initialisation segment with the head of a file, fragments
/// of clusters. Times are milliseconds.
/// </summary>
static class WebmPackager
{
    const int Milliseconds = 1_000;
    const int MaxClusterLength = 30_000;   // blocks tell their time in 16 bits
    const uint ClusterId = 0x1F43_B675;
    const byte SimpleBlockId = 0xA3;
    const byte KeyFlag = 0x80;

    internal static bool Carries(Codec codec) => codec is Codec.Vp8 or Codec.Vp9 or Codec.Opus or Codec.Vorbis;

    internal static PackagedAnswer Init(MediaSet set, SetTrack track)
    {
        byte[] head =
        [
            .. EbmlElement.Of(0x1A45_DFA3,
                EbmlElement.Unsigned(0x4286, 1), EbmlElement.Unsigned(0x42F7, 1), EbmlElement.Unsigned(0x42F2, 4), EbmlElement.Unsigned(0x42F3, 8),
                EbmlElement.Text(0x4282, "webm"), EbmlElement.Unsigned(0x4287, 4), EbmlElement.Unsigned(0x4285, 2)),
            .. EbmlElement.Unbounded(0x1853_8067),
            .. EbmlElement.Of(0x1549_A966, [EbmlElement.Unsigned(0x2A_D7B1, 1_000_000), .. Duration(set),
                EbmlElement.Text(0x4D80, "Tributary"), EbmlElement.Text(0x5741, "Tributary")]),
            .. EbmlElement.Of(0x1654_AE6B, WebmTrackEntry.Write(track)),
        ];
        return PackagedAnswer.Of(new MemoryBody(head) { ContentType = TypeOf(track) });
    }

    internal static async ValueTask<PackagedAnswer> FragmentAsync(MediaSet set, int segment, long origin, CancellationToken cancellation)
    {
        var failure = SegmentFrames.TryPick(set, set.Timeline.RangesOf(segment), Milliseconds, origin, out var tracks);
        if (failure != MediaFailure.None || tracks.Length == 0)
        {
            return PackagedAnswer.Failed(failure == MediaFailure.None ? MediaFailure.NoStreams : failure, "the segment's frames cannot be found");
        }

        using var bytes = await FrameBytes.ReadAsync(tracks, cancellation);
        if (bytes is null)
        {
            return PackagedAnswer.Failed(MediaFailure.BadData, "the file ends before a frame does");
        }

        var track = tracks[0];
        var body = new PooledBody((int)track.TotalBytes + 64 + track.Count * 16) { ContentType = TypeOf(track.Track) };
        foreach (var run in track.Runs)
        {
            WriteRun(body.Output, run, bytes);
        }

        return PackagedAnswer.Of(body);
    }

    static string TypeOf(SetTrack track) => track.Kind == TrackKind.Video ? "video/webm" : "audio/webm";

    static byte[][] Duration(MediaSet set) => set.Timeline.IsLive ? [] : [EbmlElement.Float(0x4489, set.Timeline.TotalDuration)];

    static void WriteRun(IBufferWriter<byte> output, SegmentRun run, FrameBytes bytes)
    {
        for (var first = 0; first < run.Frames.Length;)
        {
            var (start, end) = (TimeOf(run, first), first + 1);
            while (end < run.Frames.Length && TimeOf(run, end) - start <= MaxClusterLength)
            {
                end++;
            }

            WriteCluster(output, run, first, end, start, bytes);
            first = end;
        }
    }

    // Frames of these codecs are shown in the order in which they are decoded.
    static long TimeOf(SegmentRun run, int frame) => Math.Max(0, run.Start + run.Frames[frame].Dts - run.Frames[0].Dts);

    static void WriteCluster(IBufferWriter<byte> output, SegmentRun run, int first, int end, long start, FrameBytes bytes)
    {
        const int BlockHead = 4;
        var timestamp = EbmlElement.Unsigned(0xE7, (ulong)start);
        var length = (long)timestamp.Length;
        for (var i = first; i < end; i++)
        {
            var size = BlockHead + run.Frames[i].Size;
            length += 1 + EbmlElement.SizeLength(size) + size;
        }

        output.Write(EbmlElement.Id(ClusterId));
        output.Write(EbmlElement.Size(length));
        output.Write(timestamp);
        Span<byte> head = stackalloc byte[1 + 4 + BlockHead];
        head[0] = SimpleBlockId;
        for (var i = first; i < end; i++)
        {
            ref readonly var frame = ref run.Frames[i];
            var at = 1 + EbmlElement.WriteSize(head[1..], BlockHead + frame.Size);
            head[at] = 0x81;   // track 1
            BinaryPrimitives.WriteInt16BigEndian(head[(at + 1)..], (short)(TimeOf(run, i) - start));
            head[at + 3] = frame.IsKey ? KeyFlag : (byte)0;
            output.Write(head[..(at + BlockHead)]);
            output.Write(bytes.Of(run, frame));
        }
    }
}
