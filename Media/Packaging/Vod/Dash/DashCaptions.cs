using Tributary.Media.Captions;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Dash;

/// <summary>Captions for DASH: a WebVTT file of a period, or fragments of TTML (ISO/IEC 14496-30 §5). Times count from the period's start.</summary>
static class DashCaptions
{
    const int StypSize = 28;
    const int SidxSize = 44;
    const int MoofSize = 92;
    const int WideTfdt = 4;
    const int DataOffset = 8;

    internal static PackagedAnswer WebVtt(MediaSet set)
    {
        var ranges = set.Captions.Keys.Select(clip => new ClipRange(clip, 0, long.MaxValue)).ToArray();
        return ShownCaptions.Of(set, ranges, OriginOf(set, ranges)) is { } captions
            ? PackagedAnswer.Of(new MemoryBody(WebVttWriter.Write(captions, CaptionWindow.Whole)) { ContentType = "text/vtt" })
            : PackagedAnswer.Failed(MediaFailure.NoStreams, "there are no such captions");
    }

    internal static PackagedAnswer Fragment(MediaSet set, int segment)
    {
        var ranges = set.Timeline.RangesOf(segment);
        var origin = OriginOf(set, ranges);
        if (ShownCaptions.Of(set, ranges, origin) is not { } captions)
        {
            return PackagedAnswer.Failed(MediaFailure.NoStreams, "there are no such captions");
        }

        var document = TtmlWriter.Write(captions, CaptionWindow.Whole);
        var duration = ranges.Sum(range => Math.Min(range.To, set.Timeline.Durations[range.Clip]) - range.From);
        var start = (set.Timeline.TimeOf(ranges[0]) - origin) * (MediaTime.Hz90k / 1000);
        return PackagedAnswer.Of(new MemoryBody(Write(document, segment, start, (uint)(duration * 90))) { ContentType = "application/mp4" });
    }

    static long OriginOf(MediaSet set, IReadOnlyList<ClipRange> ranges) =>
        set.Timeline.IsContinuous ? set.Timeline.BaseTime ?? 0 : ranges.Count > 0 ? set.Timeline.Times[ranges[0].Clip] : 0;

    // One sample. Its length is in the sidx as a player may ask for parts of it.
    static byte[] Write(byte[] document, int segment, long start, uint duration)
    {
        var wide = start > uint.MaxValue;
        var moof = MoofSize + (wide ? WideTfdt : 0);
        var memory = new byte[StypSize + SidxSize + (wide ? 8 : 0) + moof + DataOffset + document.Length];
        var writer = new BoxWriter(memory);
        var type = writer.Open("styp"u8);
        writer.Bytes("iso6"u8);
        writer.U32(1);
        writer.Bytes("isomiso6dash"u8);
        writer.Close(type);
        WriteIndex(ref writer, start, (uint)(moof + DataOffset + document.Length), duration);
        var fragment = writer.Open("moof"u8);
        var header = writer.Open("mfhd"u8, 0, 0);
        writer.I32(segment);
        writer.Close(header);
        WriteTrack(ref writer, start, duration, document.Length, moof + DataOffset);
        writer.Close(fragment);
        var data = writer.Open("mdat"u8);
        writer.Bytes(document);
        writer.Close(data);
        return memory;
    }

    static void WriteIndex(ref BoxWriter writer, long start, uint length, uint duration)
    {
        var wide = start > uint.MaxValue;
        var box = writer.Open("sidx"u8, wide ? (byte)1 : (byte)0, 0);
        writer.U32(1);
        writer.U32(MediaTime.Hz90k);
        WriteTime(ref writer, start, wide);
        WriteTime(ref writer, 0, wide);
        writer.U32(1);
        writer.U32(length);
        writer.U32(duration);
        writer.U32(0x9000_0000);   // starts with a stream access point
        writer.Close(box);
    }

    static void WriteTrack(ref BoxWriter writer, long start, uint duration, int size, int dataOffset)
    {
        var traf = writer.Open("traf"u8);
        var header = writer.Open("tfhd"u8, 0, 0x02_0000);   // default-base-is-moof
        writer.U32(1);
        writer.Close(header);
        var wide = start > uint.MaxValue;
        var decode = writer.Open("tfdt"u8, wide ? (byte)1 : (byte)0, 0);
        WriteTime(ref writer, start, wide);
        writer.Close(decode);
        var run = writer.Open("trun"u8, 0, 0x301);
        writer.U32(1);
        writer.I32(dataOffset);
        writer.U32(duration);
        writer.I32(size);
        writer.Close(run);
        writer.Close(traf);
    }

    static void WriteTime(ref BoxWriter writer, long time, bool wide)
    {
        if (wide)
        {
            writer.U64((ulong)time);
        }
        else
        {
            writer.U32((uint)time);
        }
    }
}
