using System.Buffers.Binary;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Progressive;

/// <summary>Sample tables of a clipped track (ISO/IEC 14496-12 §8.6.1, §8.6.2, §8.7).</summary>
static class ClippedTables
{
    /// <summary>Writes all tables. <paramref name="shift"/> is what is added to a place in the source.</summary>
    public static void Write(ref BoxWriter writer, ClippedTrack track, long shift)
    {
        var frames = track.Frames;
        Runs(ref writer, "stts"u8, 0, frames, static frame => frame.Duration);
        KeyFrames(ref writer, track);
        var (least, most) = (int.MaxValue, int.MinValue);
        foreach (var frame in frames)
        {
            (least, most) = (Math.Min(least, frame.CompositionOffset), Math.Max(most, frame.CompositionOffset));
        }

        if (least != 0 || most != 0)
        {
            Runs(ref writer, "ctts"u8, (byte)(least < 0 ? 1 : 0), frames, static frame => frame.CompositionOffset);
        }

        Chunks(ref writer, frames, shift);
        var sizes = writer.Open("stsz"u8, 0, 0);
        writer.U32(0);
        writer.I32(frames.Length);
        foreach (var frame in frames)
        {
            writer.I32(frame.Size);
        }

        writer.Close(sizes);
    }

    static void Runs(ref BoxWriter writer, ReadOnlySpan<byte> type, byte version, ReadOnlySpan<SourceFrame> frames, Func<SourceFrame, int> value)
    {
        var box = writer.Open(type, version, 0);
        var (place, runs) = (Reserve(ref writer), 0);
        for (var at = 0; at < frames.Length; runs++)
        {
            var (first, current) = (at, value(frames[at]));
            while (at < frames.Length && value(frames[at]) == current)
            {
                at++;
            }

            writer.I32(at - first);
            writer.I32(current);
        }

        Fill(ref writer, place, runs);
        writer.Close(box);
    }

    static void KeyFrames(ref BoxWriter writer, ClippedTrack track)
    {
        if (!track.Source.HasKeyFrameTable)
        {
            return;
        }

        var box = writer.Open("stss"u8, 0, 0);
        var frames = track.Frames;
        var (place, count) = (Reserve(ref writer), 0);
        for (var at = 0; at < frames.Length; at++)
        {
            if (frames[at].IsKey)
            {
                writer.I32(at + 1);
                count++;
            }
        }

        Fill(ref writer, place, count);
        writer.Close(box);
    }

    // A chunk is a run of frames that lie one behind the other.
    static void Chunks(ref BoxWriter writer, ReadOnlySpan<SourceFrame> frames, long shift)
    {
        var box = writer.Open("stsc"u8, 0, 0);
        var (place, entries, chunks, lastLength) = (Reserve(ref writer), 0, 0, 0);
        for (var at = 0; at < frames.Length;)
        {
            var length = ChunkAt(frames, at);
            chunks++;
            if (length != lastLength)
            {
                writer.I32(chunks);
                writer.I32(length);
                writer.U32(1);
                (entries, lastLength) = (entries + 1, length);
            }

            at += length;
        }

        Fill(ref writer, place, entries);
        writer.Close(box);
        var offsets = writer.Open("co64"u8, 0, 0);
        writer.I32(chunks);
        for (var at = 0; at < frames.Length; at += ChunkAt(frames, at))
        {
            writer.U64((ulong)Math.Max(0, frames[at].Offset + shift));
        }

        writer.Close(offsets);
    }

    static int ChunkAt(ReadOnlySpan<SourceFrame> frames, int first)
    {
        var end = first + 1;
        while (end < frames.Length && frames[end].Offset == frames[end - 1].Offset + frames[end - 1].Size)
        {
            end++;
        }

        return end - first;
    }

    static int Reserve(ref BoxWriter writer)
    {
        var place = writer.Position;
        writer.U32(0);
        return place;
    }

    static void Fill(ref BoxWriter writer, int place, int count) => BinaryPrimitives.WriteInt32BigEndian(writer.Written[place..], count);
}
