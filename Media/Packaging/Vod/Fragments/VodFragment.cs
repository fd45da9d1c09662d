using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Fragments;

/// <summary>
/// Writes the movie fragment of a segment (ISO/IEC 14496-12 §8.8): all that stands before the frames' bytes. Tracks of a muxed segment take turns every half
/// second, so that a player that reads while it downloads has both.
/// </summary>
/// <remarks>
/// The base time of a fragment is when its first frame is presented.
/// </remarks>
sealed partial class VodFragment
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
}
