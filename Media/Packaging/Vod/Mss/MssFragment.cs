using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Mss;

/// <summary>
/// The boxes before the frames of a Smooth Streaming fragment (MS-SSTR §2.2.4): moof with the fragment's own time (tfxd) and, while it is live, those of the
/// fragments after it (tfrf), then the header of mdat.
/// </summary>
sealed class MssFragment(MediaSet set, SegmentTrack track, int segment)
{
    const int MoofHeader = 8;
    const int MfhdSize = 16;
    const int TrafHeader = 8;
    const int TfhdSize = 20;
    const int TrunHeader = 20;
    const int TfxdSize = 44;
    const int TfrfHeader = 29;
    const int MdatHeader = 8;
    const uint VideoOtherFlags = 0x0101_0000;   // depends on others, no sync sample
    const uint NonSync = 0x0001_0000;
    const uint AudioFlags = 0x0200_0000;

    static ReadOnlySpan<byte> Tfxd => [0x6D, 0x1D, 0x9B, 0x05, 0x42, 0xD5, 0x44, 0xE6, 0x80, 0xE2, 0x14, 0x1D, 0xAF, 0xF7, 0x57, 0xB2];

    static ReadOnlySpan<byte> Tfrf => [0xD4, 0x80, 0x7E, 0xF2, 0xCA, 0x39, 0x46, 0x95, 0x8E, 0x54, 0x26, 0xCB, 0x9E, 0x46, 0xA7, 0x9F];

    bool IsVideo => track.Track.Kind == TrackKind.Video;

    internal byte[] WriteHeader()
    {
        var next = Next(set, [track.Track], segment);
        var moofSize = MoofHeader + MfhdSize + TrafHeader + TfhdSize + TrunHeader + track.Count * (IsVideo ? 16 : 8) + TfxdSize + TfrfSize(next);
        var memory = new byte[moofSize + MdatHeader];
        var writer = new BoxWriter(memory);
        var moof = writer.Open("moof"u8);
        WriteSequence(ref writer, segment);
        var traf = writer.Open("traf"u8);
        var header = writer.Open("tfhd"u8, 0, 0x20);   // default flags
        writer.I32(track.Track.Info.Id);
        writer.U32(IsVideo ? VideoOtherFlags : AudioFlags);
        writer.Close(header);
        WriteRun(ref writer, moofSize + MdatHeader);
        WriteTime(ref writer);
        WriteNext(ref writer, next);
        writer.Close(traf);
        writer.Close(moof);
        writer.U32((uint)(track.TotalBytes + MdatHeader));
        writer.Bytes("mdat"u8);
        return memory;
    }

    /// <summary>A fragment of captions: one sample. While the set is live it tells of those after it, as dash.js wants of every fragment.</summary>
    /// <param name="set">The set.</param>
    /// <param name="document">TTML.</param>
    /// <param name="segment">Number of the segment, from 0.</param>
    /// <param name="duration">In ticks of 10 MHz.</param>
    internal static byte[] WriteCaptions(MediaSet set, byte[] document, int segment, long duration)
    {
        var next = Next(set, [], segment);
        var moofSize = MoofHeader + MfhdSize + TrafHeader + 24 + 16 + 13 + TfrfSize(next);
        var memory = new byte[moofSize + MdatHeader + document.Length];
        var writer = new BoxWriter(memory);
        var moof = writer.Open("moof"u8);
        WriteSequence(ref writer, segment + 1);
        var traf = writer.Open("traf"u8);
        var header = writer.Open("tfhd"u8, 0, 0x18);   // default duration and size
        writer.U32(1);
        writer.U32((uint)duration);
        writer.U32((uint)document.Length);
        writer.Close(header);
        var run = writer.Open("trun"u8, 0, 0);
        writer.U32(1);
        writer.Close(run);
        var dependencies = writer.Open("sdtp"u8, 0, 0);
        writer.U8(0x2A);   // depends on nothing, nothing depends on it, no redundancy
        writer.Close(dependencies);
        WriteNext(ref writer, next);
        writer.Close(traf);
        writer.Close(moof);
        var data = writer.Open("mdat"u8);
        writer.Bytes(document);
        writer.Close(data);
        return memory;
    }

    static void WriteSequence(ref BoxWriter writer, int number)
    {
        var box = writer.Open("mfhd"u8, 0, 0);
        writer.I32(number);
        writer.Close(box);
    }

    void WriteRun(ref BoxWriter writer, int dataOffset)
    {
        var box = writer.Open("trun"u8, 0, IsVideo ? 0xF01u : 0x301u);
        writer.I32(track.Count);
        writer.I32(dataOffset);
        foreach (var run in track.Runs)
        {
            foreach (ref readonly var frame in run.Frames.AsSpan())
            {
                writer.I32(frame.Duration);
                writer.I32(frame.Size);
                if (IsVideo)
                {
                    writer.U32(frame.IsKey ? 0 : NonSync);
                    writer.I32(frame.PtsDelay);
                }
            }
        }

        writer.Close(box);
    }

    void WriteTime(ref BoxWriter writer)
    {
        var box = writer.Open("uuid"u8);
        writer.Bytes(Tfxd);
        writer.U32(0x0100_0000);
        writer.U64((ulong)track.FirstDts);
        writer.U64((ulong)track.Duration);
        writer.Close(box);
    }

    // What comes next is told only as far as it is there: a player asks for what it was told of.
    static IReadOnlyList<ListedSegment> Next(MediaSet set, IReadOnlyList<SetTrack> tracks, int segment) =>
        set.Timeline.IsLive ? [.. SegmentList.Of(set, tracks).Where(listed => listed.Number > segment).Take(MssPackager.LookAhead)] : [];

    static int TfrfSize(IReadOnlyList<ListedSegment> next) => next.Count == 0 ? 0 : TfrfHeader + 16 * next.Count;

    static void WriteNext(ref BoxWriter writer, IReadOnlyList<ListedSegment> next)
    {
        if (next.Count == 0)
        {
            return;
        }

        var box = writer.Open("uuid"u8);
        writer.Bytes(Tfrf);
        writer.U32(0x0100_0000);
        writer.U8(next.Count);
        foreach (var listed in next)
        {
            writer.U64((ulong)(listed.Start * MssPackager.TicksPerMillisecond));
            writer.U64((ulong)(listed.Duration * MssPackager.TicksPerMillisecond));
        }

        writer.Close(box);
    }
}
