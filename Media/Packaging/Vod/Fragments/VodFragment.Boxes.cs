using System.Text;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Fragments;

// The boxes before mdat.
sealed partial class VodFragment
{
    void WriteSegmentType(ref BoxWriter writer)
    {
        var box = writer.Open("styp"u8);
        var brands = Encoding.ASCII.GetBytes(_form.Brands);
        writer.Bytes(brands.AsSpan(0, 4));
        writer.U32(0);
        writer.Bytes(brands.AsSpan(4));
        writer.Close(box);
    }

    // §8.16.3: one reference, to all that follows, which starts with a stream access point.
    void WriteIndex(ref BoxWriter writer, long length)
    {
        var time = BaseTime(_tracks[0]);
        var box = writer.Open("sidx"u8, IsWide(time) ? (byte)1 : (byte)0, 0);
        writer.U32(1);
        writer.U32(MediaTime.Hz90k);
        WriteTime(ref writer, time);
        WriteTime(ref writer, IsWide(time) ? -1 : 0, zero: true);
        writer.U32(1);
        writer.U32((uint)length);
        writer.U32((uint)_tracks[0].Duration);
        writer.U32(0x9000_0000);
        writer.Close(box);
    }

    static void WriteTime(ref BoxWriter writer, long time, bool zero = false)
    {
        if (IsWide(time))
        {
            writer.U64(zero ? 0 : (ulong)time);
        }
        else
        {
            writer.U32((uint)time);
        }
    }

    void WriteMoof(ref BoxWriter writer, int dataOffset)
    {
        var moof = writer.Open("moof"u8);
        var header = writer.Open("mfhd"u8, 0, 0);
        writer.I32(_sequenceNumber);
        writer.Close(header);
        for (var i = 0; i < _tracks.Count; i++)
        {
            WriteTraf(ref writer, i, dataOffset);
        }

        writer.Close(moof);
    }

    void WriteTraf(ref BoxWriter writer, int number, long dataOffset)
    {
        var track = _tracks[number];
        var traf = writer.Open("traf"u8);
        var header = writer.Open("tfhd"u8, 0, 0x02_0000);   // default-base-is-moof
        writer.I32(number + 1);
        writer.Close(header);
        var time = BaseTime(track);
        var decode = writer.Open("tfdt"u8, IsWide(time) ? (byte)1 : (byte)0, 0);
        WriteTime(ref writer, time);
        writer.Close(decode);
        foreach (var turn in _turns)
        {
            if (turn.Track == number)
            {
                WriteRun(ref writer, track, turn, dataOffset);
            }

            dataOffset += turn.Bytes;
        }

        writer.Close(traf);
    }

    void WriteRun(ref BoxWriter writer, SegmentTrack track, Turn turn, long dataOffset)
    {
        var run = track.Runs[turn.Run];
        var offsets = HasOffsets(track);
        var initial = offsets ? DelayOf(run.Track) : 0;
        var box = writer.Open("trun"u8, offsets && _form.TakesDelayOff ? (byte)1 : (byte)0, offsets ? 0xF01u : 0x301u);
        writer.I32(turn.Count);
        writer.I32((int)dataOffset);
        foreach (ref readonly var frame in run.Frames.AsSpan(turn.First, turn.Count))
        {
            writer.I32(frame.Duration);
            writer.I32(frame.Size);
            if (offsets)
            {
                writer.U32(frame.IsKey ? _form.KeyFlags : _form.OtherFlags);
                writer.I32(frame.PtsDelay - initial);
            }
        }

        writer.Close(box);
    }
}
