using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>What may stand before a chunk's moof.</summary>
/// <param name="StartsSegment">Whether the chunk is the first of a segment and says so with styp.</param>
/// <param name="ProducerNtp">
/// Wall clock at the presentation of the chunk's first frame, in the 64-bit format of NTP, for prft (ISO/IEC 14496-12 §8.16.5); 0 for none.
/// </param>
public readonly record struct ChunkPrefix(bool StartsSegment, ulong ProducerNtp = 0);

/// <summary>
/// Writes what stands before the payload of a CMAF chunk: one moof for a run of frames of one track, and the header of the mdat. The payload is the
/// frames' own bytes in the same order, so a server sends this header and then the frames, without copying them.
/// </summary>
/// <remarks>
/// The bytes are a function of the arguments alone. There is no sidx: Samsung's AVPlay refuses media with it. Values that all samples share stand once
/// in tfhd, so a chunk of audio costs four bytes per frame.
/// <code>
/// [styp] [prft] moof { mfhd  traf { tfhd  tfdt(64 bits)  trun(signed offsets) } }  mdat header
/// </code>
/// </remarks>
public static class CmafChunk
{
    const int StypSize = 24;
    const int PrftSize = 32;
    const int FixedSize = 8 + 16 + 8 + 16 + 20 + 20;   // moof, mfhd, traf, tfhd, tfdt, trun without options
    const int MdatHeader = 8;
    const int LargeMdatHeader = 16;

    /// <summary>Bytes that <see cref="WriteHeader"/> will write for the same arguments.</summary>
    public static int MeasureHeader(ReadOnlySpan<Frame> frames, long endDts, ChunkPrefix prefix = default) =>
        PrefixSize(prefix) + MovieFragmentSize(SampleRun.Of(frames, endDts)) + MdatSize(PayloadLength(frames));

    /// <summary>Bytes of the frames: what follows the header.</summary>
    public static long PayloadLength(ReadOnlySpan<Frame> frames)
    {
        long length = 0;
        foreach (ref readonly var frame in frames)
        {
            length += frame.Data.Length;
        }

        return length;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="track">The track of all <paramref name="frames"/>.</param>
    /// <param name="sequenceNumber">Of mfhd: rises from chunk to chunk.</param>
    /// <param name="frames">In decoding order; their DTS are not negative and do not fall.</param>
    /// <param name="endDts">DTS of the frame of the track after these, in its ticks: gives the last frame its duration.</param>
    /// <param name="prefix">What stands before the moof.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteHeader(
        IBufferWriter<byte> output, TrackInfo track, uint sequenceNumber, ReadOnlySpan<Frame> frames, long endDts, ChunkPrefix prefix = default)
    {
        var run = SampleRun.Of(frames, endDts);
        var payload = PayloadLength(frames);
        var size = PrefixSize(prefix) + MovieFragmentSize(run) + MdatSize(payload);
        var writer = new BoxWriter(output.GetSpan(size)[..size]);
        WritePrefix(ref writer, track, frames, prefix);
        var moof = writer.Open("moof"u8);
        WriteMovieFragmentHeader(ref writer, sequenceNumber);
        var traf = writer.Open("traf"u8);
        WriteTrackFragmentHeader(ref writer, track, frames, run);
        WriteRun(ref writer, frames, endDts, run, MovieFragmentSize(run) + MdatSize(payload));
        writer.Close(traf);
        writer.Close(moof);
        WriteMdatHeader(ref writer, payload);
        output.Advance(size);
        return size;
    }

    /// <summary>Header and payload in one: for a recording, or where the response is not sent from the frames.</summary>
    /// <returns>Bytes written.</returns>
    public static long Write(
        IBufferWriter<byte> output, TrackInfo track, uint sequenceNumber, ReadOnlySpan<Frame> frames, long endDts, ChunkPrefix prefix = default)
    {
        long size = WriteHeader(output, track, sequenceNumber, frames, endDts, prefix);
        foreach (ref readonly var frame in frames)
        {
            output.Write(frame.Data.Span);
            size += frame.Data.Length;
        }

        return size;
    }

    static int PrefixSize(ChunkPrefix prefix) => (prefix.StartsSegment ? StypSize : 0) + (prefix.ProducerNtp != 0 ? PrftSize : 0);

    static int MovieFragmentSize(SampleRun run) => FixedSize + run.DefaultsSize + run.OptionsSize;

    static int MdatSize(long payload) => payload + MdatHeader > uint.MaxValue ? LargeMdatHeader : MdatHeader;

    static void WritePrefix(ref BoxWriter writer, TrackInfo track, ReadOnlySpan<Frame> frames, ChunkPrefix prefix)
    {
        if (prefix.StartsSegment)
        {
            var box = writer.Open("styp"u8);
            writer.Bytes("msdh"u8);
            writer.U32(0);
            writer.Bytes("msdhcmfs"u8);
            writer.Close(box);
        }

        if (prefix.ProducerNtp != 0)
        {
            var box = writer.Open("prft"u8, 1, 0);
            writer.I32(track.Id);
            writer.U64(prefix.ProducerNtp);
            writer.U64(frames.IsEmpty ? 0 : (ulong)Math.Max(0, frames[0].Pts));
            writer.Close(box);
        }
    }

    static void WriteMovieFragmentHeader(ref BoxWriter writer, uint sequenceNumber)
    {
        var box = writer.Open("mfhd"u8, 0, 0);
        writer.U32(sequenceNumber);
        writer.Close(box);
    }

    static void WriteTrackFragmentHeader(ref BoxWriter writer, TrackInfo track, ReadOnlySpan<Frame> frames, SampleRun run)
    {
        var box = writer.Open("tfhd"u8, 0, run.HeaderFlags);
        writer.I32(track.Id);
        if (run.SameDuration)
        {
            writer.U32(run.Duration);
        }

        if (run.SameFlags)
        {
            writer.U32(run.Flags);
        }

        writer.Close(box);
        box = writer.Open("tfdt"u8, 1, 0);
        writer.U64(frames.IsEmpty ? 0 : (ulong)Math.Max(0, frames[0].Dts));
        writer.Close(box);
    }

    static void WriteRun(ref BoxWriter writer, ReadOnlySpan<Frame> frames, long endDts, SampleRun run, int dataOffset)
    {
        var box = writer.Open("trun"u8, 1, run.RunFlags);
        writer.I32(frames.Length);
        writer.I32(dataOffset);   // from the start of the moof: default-base-is-moof
        if (run.FirstFlagsDiffer)
        {
            writer.U32(SampleRun.FlagsOf(frames[0]));
        }

        for (var i = 0; i < frames.Length; i++)
        {
            ref readonly var frame = ref frames[i];
            if (!run.SameDuration)
            {
                writer.U32(SampleRun.DurationOf(frames, i, endDts));
            }

            writer.I32(frame.Data.Length);
            if (!run.SameFlags)
            {
                writer.U32(SampleRun.FlagsOf(frame));
            }

            if (run.HasOffsets)
            {
                writer.I32(frame.CompositionOffset);
            }
        }

        writer.Close(box);
    }

    static void WriteMdatHeader(ref BoxWriter writer, long payload)
    {
        var large = MdatSize(payload) == LargeMdatHeader;
        writer.U32(large ? 1 : (uint)(payload + MdatHeader));
        writer.Bytes("mdat"u8);
        if (large)
        {
            writer.U64((ulong)payload + LargeMdatHeader);
        }
    }
}
