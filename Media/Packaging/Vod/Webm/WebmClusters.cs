using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Webm;

/// <summary>The clusters of a segment of one track (RFC 9559 §5.1.3): their time in milliseconds, and a SimpleBlock for each frame.</summary>
sealed class WebmClusters
{
    const int MaxClusterLength = 30_000;   // blocks tell their time in 16 bits
    const uint ClusterId = 0x1F43_B675;
    const byte SimpleBlockId = 0xA3;
    const byte KeyFlag = 0x80;
    const int BlockHead = 4;               // track, time, flags

    readonly List<Cluster> _clusters = [];

    internal WebmClusters(SegmentTrack track)
    {
        foreach (var run in track.Runs)
        {
            for (var first = 0; first < run.Frames.Length; first = _clusters[^1].End)
            {
                _clusters.Add(ClusterFrom(run, first));
                Length += _clusters[^1].Head.Length + _clusters[^1].Blocks;
            }
        }
    }

    /// <summary>Bytes in all.</summary>
    internal long Length { get; }

    /// <summary>The clusters' bytes: each block, the first of a cluster behind the cluster's head.</summary>
    internal SegmentPieces Pieces(FrameBytes bytes) => new BlockPieces(_clusters, bytes);

    /// <param name="Head">Identifier and size of the cluster, and its time.</param>
    /// <param name="Blocks">Bytes of its blocks.</param>
    readonly record struct Cluster(SegmentRun Run, int First, int End, long Start, byte[] Head, long Blocks);

    static Cluster ClusterFrom(SegmentRun run, int first)
    {
        var (start, end, blocks) = (TimeOf(run, first), first, 0L);
        for (; end < run.Frames.Length && TimeOf(run, end) - start <= MaxClusterLength; end++)
        {
            blocks += BlockLength(run.Frames[end]);
        }

        var timestamp = EbmlElement.Unsigned(0xE7, (ulong)start);
        return new Cluster(run, first, end, start, [.. EbmlElement.Id(ClusterId), .. EbmlElement.Size(timestamp.Length + blocks), .. timestamp], blocks);
    }

    // Frames of these codecs are shown in the order in which they are decoded.
    static long TimeOf(SegmentRun run, int frame) => Math.Max(0, run.Start + run.Frames[frame].Dts - run.Frames[0].Dts);

    static int BlockLength(in SetFrame frame) => 1 + EbmlElement.SizeLength(BlockHead + frame.Size) + BlockHead + frame.Size;

    sealed class BlockPieces(List<Cluster> clusters, FrameBytes bytes) : SegmentPieces
    {
        int _cluster;
        int _frame = clusters.Count > 0 ? clusters[0].First : 0;

        ref readonly SetFrame Frame => ref clusters[_cluster].Run.Frames[_frame];

        internal override int Next => _cluster == clusters.Count ? 0
            : (_frame == clusters[_cluster].First ? clusters[_cluster].Head.Length : 0) + BlockLength(Frame);

        internal override ValueTask<bool> TryLoadAsync(CancellationToken cancellation) => bytes.LoadAsync(clusters[_cluster].Run, _frame, cancellation);

        internal override void Take(IBufferWriter<byte>? output)
        {
            if (output is not null)
            {
                WriteBlock(output, clusters[_cluster]);
            }

            if (++_frame == clusters[_cluster].End && ++_cluster < clusters.Count)
            {
                _frame = clusters[_cluster].First;
            }
        }

        void WriteBlock(IBufferWriter<byte> output, in Cluster cluster)
        {
            if (_frame == cluster.First)
            {
                output.Write(cluster.Head);
            }

            Span<byte> head = stackalloc byte[1 + 4 + BlockHead];
            head[0] = SimpleBlockId;
            var at = 1 + EbmlElement.WriteSize(head[1..], BlockHead + Frame.Size);
            head[at] = 0x81;   // track 1
            BinaryPrimitives.WriteInt16BigEndian(head[(at + 1)..], (short)(TimeOf(cluster.Run, _frame) - cluster.Start));
            head[at + 3] = Frame.IsKey ? KeyFlag : (byte)0;
            output.Write(head[..(at + BlockHead)]);
            output.Write(bytes.Of(cluster.Run, _frame));
        }
    }
}
