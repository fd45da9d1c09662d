using System.Text;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Fragments;

/// <summary>What stands around the moof of a fragment, and how its times are written.</summary>
/// <param name="Brands">
/// Brands of styp, which stands before the moof with a sidx, as DASH's segments have it (ISO/IEC 23009-1 §6.3.4.2); empty for neither.
/// </param>
/// <param name="KeyFlags">Sample flags of key frames.</param>
/// <param name="OtherFlags">Sample flags of frames that are not key frames.</param>
/// <param name="TakesDelayOff">
/// Whether presentation times have the delay of the file's first frame taken off, so that presentation begins with decoding.
/// </param>
readonly record struct FragmentForm(string Brands, uint KeyFlags, uint OtherFlags, bool TakesDelayOff)
{
    internal static FragmentForm HlsMuxed => new("", 0x0200_0000, 0x0101_0000, true);

    /// <summary>
    /// Of one track. Times begin with decoding where the manifest that named the segment was written for that: its version, which URLs carry, is 3.
    /// </summary>
    internal static FragmentForm Single(int version) =>
        version >= 3 ? new("msdhmsdhmsix", 0, 0x0001_0000, true) : new("iso6isomiso6dash", 0, 0x0001_0000, false);
}

/// <summary>
/// Writes the movie fragment of a segment (ISO/IEC 14496-12 §8.8): all that stands before the frames' bytes. Tracks of a muxed segment take turns every half
/// second, so that a player that reads while it downloads has both.
/// </summary>
/// <remarks>
/// The base time of a fragment is when its first frame is presented.
/// </remarks>
sealed class VodFragment
{
    const int TurnTicks = MediaTime.Hz90k / 2;
    const int TfhdSize = 16;

    readonly IReadOnlyList<SegmentTrack> _tracks;
    readonly List<Turn> _turns = [];
    readonly FragmentForm _form;
    readonly int _sequenceNumber;

    /// <param name="tracks">The tracks, which are numbered from 1, in ticks of 90 kHz.</param>
    /// <param name="sequenceNumber">Of mfhd.</param>
    /// <param name="form">What stands around it.</param>
    internal VodFragment(IReadOnlyList<SegmentTrack> tracks, int sequenceNumber, FragmentForm form)
    {
        (_tracks, _sequenceNumber, _form) = (tracks, sequenceNumber, form);
        TakeTurns();
        PayloadLength = tracks.Sum(track => track.TotalBytes);
    }

    /// <summary>Bytes of the frames.</summary>
    internal long PayloadLength { get; }

    /// <summary>Frames of one track that stand together.</summary>
    readonly record struct Turn(int Track, int Run, int First, int Count, long Bytes);

    /// <summary>The header, up to and with that of mdat.</summary>
    internal byte[] WriteHeader()
    {
        var moof = MoofSize();
        var size = (_form.Brands.Length > 0 ? 12 + _form.Brands.Length + SidxSize(0) : 0) + moof + 8;
        var memory = new byte[size];
        var writer = new BoxWriter(memory);
        if (_form.Brands.Length > 0)
        {
            WriteSegmentType(ref writer);
            WriteIndex(ref writer, moof + 8 + PayloadLength);
        }

        WriteMoof(ref writer, moof + 8);
        writer.U32((uint)(PayloadLength + 8));
        writer.Bytes("mdat"u8);
        return memory;
    }

    /// <summary>The frames in the order in which the header lists them.</summary>
    internal FrameRun[] Runs => [.. _turns.Select(turn => new FrameRun(_tracks[turn.Track].Runs[turn.Run], turn.First, turn.Count))];

    void TakeTurns()
    {
        var places = new (int Run, int Frame)[_tracks.Count];
        while (NextDts(places) is var next && next < long.MaxValue)
        {
            for (var track = 0; track < _tracks.Count; track++)
            {
                TakeTurn(track, ref places[track], _tracks.Count == 1 ? long.MaxValue : next + TurnTicks);
            }
        }
    }

    long NextDts((int Run, int Frame)[] places)
    {
        var next = long.MaxValue;
        for (var track = 0; track < _tracks.Count; track++)
        {
            ref var place = ref places[track];
            var runs = _tracks[track].Runs;
            while (place.Run < runs.Length && place.Frame >= runs[place.Run].Frames.Length)
            {
                place = (place.Run + 1, 0);
            }

            next = place.Run < runs.Length ? Math.Min(next, DtsOf(runs[place.Run], place.Frame)) : next;
        }

        return next;
    }

    void TakeTurn(int track, ref (int Run, int Frame) place, long end)
    {
        if (place.Run >= _tracks[track].Runs.Length)
        {
            return;
        }

        var run = _tracks[track].Runs[place.Run];
        var (first, bytes) = (place.Frame, 0L);
        while (place.Frame < run.Frames.Length && DtsOf(run, place.Frame) < end)
        {
            bytes += run.Frames[place.Frame++].Size;
        }

        if (place.Frame > first)
        {
            _turns.Add(new Turn(track, place.Run, first, place.Frame - first, bytes));
        }
    }

    static long DtsOf(SegmentRun run, int frame) => run.Start + run.Frames[frame].Dts - run.Frames[0].Dts;

    static bool HasOffsets(SegmentTrack track) => track.Track.Kind == TrackKind.Video;

    long BaseTime(SegmentTrack track)
    {
        var run = track.Runs.FirstOrDefault(run => run.Frames.Length > 0);
        return run is null ? track.FirstDts
            : run.Start + (HasOffsets(track) ? run.Frames[0].PtsDelay - DelayOf(run.Track) : 0);
    }

    int DelayOf(SetTrack track) => _form.TakesDelayOff ? track.InitialDelayIn(MediaTime.Hz90k) : 0;

    static int EntrySize(SegmentTrack track) => HasOffsets(track) ? 16 : 8;

    int TrafSize(int track) =>
        8 + TfhdSize + TfdtSize(BaseTime(_tracks[track])) + _turns.Where(turn => turn.Track == track).Sum(turn => 20 + turn.Count * EntrySize(_tracks[track]));

    int MoofSize() => 8 + 16 + Enumerable.Range(0, _tracks.Count).Sum(TrafSize);

    static bool IsWide(long time) => time is < 0 or > uint.MaxValue;

    static int TfdtSize(long time) => IsWide(time) ? 20 : 16;

    int SidxSize(int track) => IsWide(BaseTime(_tracks[track])) ? 52 : 44;

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
