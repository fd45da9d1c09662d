using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

/// <summary>
/// Three renditions of one programme whose encoders come and go as their grains let them (LiveStreamGrain.Switching, RenditionLadder): a source that ends
/// leaves its last number short; one that is replaced is settled first; who comes back begins with the number that the others are at; and after all
/// were gone somebody begins a new run. Time is a count of pictures, chance is a seed.
/// </summary>
sealed class LadderWorld : IDisposable
{
    const int SegmentPictures = 50;
    const int Step = 5;

    readonly FramePool _pool = new(4_096) { Poison = true };
    readonly Random _chance;
    readonly Rung[] _rungs;
    long _open;
    int _progress;
    long _runFirst;
    long _runStart90k = 900_000;
    long _run;
    long _epoch;

    public LadderWorld(int seed)
    {
        _chance = new Random(seed);
        _rungs = [.. Enumerable.Range(1, 3).Select(rendition => new Rung(rendition))];
        Ladder = new LiveLadder(_rungs[0].Window);
        Ladder.Add(2, _rungs[1].Window);
        Ladder.Add(3, _rungs[2].Window);
        Array.ForEach(_rungs, Begin);
    }

    public LiveLadder Ladder { get; }

    /// <summary>What happened, for who reads a failure.</summary>
    public List<string> Story { get; } = [];

    /// <summary>Numbers that a rendition began more than once: of the first time nobody had got anything.</summary>
    public HashSet<long> BegunAnew { get; } = [];

    /// <summary>Whether all renditions are on air and have been long enough to have whole segments.</summary>
    public bool IsReady => Ladder.View.IsReady;

    public void Dispose()
    {
        foreach (var rung in _rungs)
        {
            rung.Window.Dispose();
            Drop(rung.Queue);
            Drop(rung.Rest);
            rung.Sources.ForEach(source => source.Dispose());
        }

        Assert.Equal(0, _pool.SlabsInUse);
    }

    /// <summary>A fifth of a second: pictures come, or somebody goes or comes.</summary>
    public void Advance()
    {
        if (Array.Exists(_rungs, rung => rung.IsOnAir))
        {
            Produce();
        }
    }

    /// <summary>One thing that happens to encoders.</summary>
    public void Change()
    {
        var rung = _rungs[_chance.Next(3)];
        switch (_chance.Next(8))
        {
            case 0 or 1 or 2 when rung.IsOnAir:
                End(rung);
                break;
            case 3 when rung.IsOnAir:
                Replace(rung);
                break;
            case 4:
                foreach (var one in _rungs.Where(one => one.IsOnAir).OrderBy(_ => _chance.Next()))
                {
                    (_chance.Next(2) == 0 ? (Action<Rung>)End : Replace)(one);
                    Deliver();
                }

                break;
            default:
                Return(rung);
                break;
        }
    }

    /// <summary>Whoever is away comes back.</summary>
    public void Mend()
    {
        Array.ForEach(_rungs, Return);
    }

    void Produce()
    {
        if (_progress == SegmentPictures)
        {
            (_open, _progress) = (_open + 1, 0);
            foreach (var rung in _rungs.Where(rung => rung.IsOnAir))
            {
                Cut(rung);
            }
        }

        _progress += Step;
        foreach (var rung in _rungs.Where(rung => rung.IsOnAir))
        {
            Take(rung);
        }

        Deliver();
    }

    // What a source made is on its way for less than a segment.
    void Deliver()
    {
        foreach (var rung in _rungs.OrderBy(_ => _chance.Next()))
        {
            var count = _chance.Next(4) == 0 && rung.Queue.Count < 60 ? _chance.Next(rung.Queue.Count + 1) : rung.Queue.Count;
            Send(rung, count);
        }
    }

    void Begin(Rung rung)
    {
        (rung.IsOnAir, rung.Epoch, rung.FirstFree) = (true, ++_epoch, _open);
        rung.Sources.Add(rung.Source = new SyntheticStream(_pool));
        Story.Add($"{_open}+{_progress}: {rung.Rendition} begins");
        if (rung.Newest == _open)
        {
            BegunAnew.Add(_open);
        }

        Cut(rung);
        Take(rung);
    }

    void Cut(Rung rung)
    {
        var start90k = _runStart90k + (_open - _runFirst) * SegmentPictures * SyntheticStream.FrameTicks;
        var mark = rung.Source.Mark(_open, _run, _open == _runFirst && _run > 0, rung.Epoch, start90k) with { RunStart90k = _runStart90k };
        if (rung.GapsBefore > 0)
        {
            mark = mark with { GapsBefore = rung.GapsBefore, GapStart90k = rung.GapStart90k, GapTime = SyntheticStream.Epoch + MediaTime.ToTimeSpan(rung.GapStart90k, 90_000) };
            rung.GapsBefore = 0;
        }

        rung.Rest.AddRange(rung.Source.Segment(mark, picture: rung.Picture));
        (rung.FirstFree, rung.Newest) = (_open + 1, _open);
    }

    // What there is of the open number by now.
    void Take(Rung rung)
    {
        var end90k = _runStart90k + (_open - _runFirst) * SegmentPictures * SyntheticStream.FrameTicks + _progress * SyntheticStream.FrameTicks;
        var count = rung.Rest.FindIndex(frame => frame.Frame.Pts90k >= end90k) is var index and >= 0 ? index : rung.Rest.Count;
        rung.Queue.AddRange(rung.Rest[..count]);
        rung.Rest.RemoveRange(0, count);
    }

    static void Send(Rung rung, int count)
    {
        SyntheticStream.Send(rung.Window, rung.Queue[..count]);
        rung.Queue.RemoveRange(0, count);
    }

    static void Drop(List<MarkedFrame> frames)
    {
        frames.ForEach(frame => frame.Frame.Data.Release());
        frames.Clear();
    }

    void End(Rung rung)
    {
        Story.Add($"{_open}+{_progress}: {rung.Rendition} ends");
        Send(rung, rung.Queue.Count);
        Drop(rung.Rest);
        rung.Window.Pause(WindowPause.SourceLost);
        rung.IsOnAir = false;
    }

    // Its backup is on no clock that the others know, so it leaves the air and waits for its place.
    void Replace(Rung rung)
    {
        Send(rung, rung.Queue.Count);
        Drop(rung.Rest);
        rung.IsOnAir = false;
        if (rung.Window.Settle(rung.Epoch) is not { } edge)
        {
            return;
        }

        Story.Add($"{_open}+{_progress}: {rung.Rendition} is replaced, {edge.Msn} {(edge.PartsSent ? "sent" : "unsent")}");
        rung.FirstFree = edge.PartsSent ? edge.Msn + 1 : edge.Msn;
        rung.Edge = edge;
        rung.Window.Pause(WindowPause.SourceLost);
    }

    void Return(Rung rung)
    {
        if (rung.IsOnAir)
        {
            return;
        }

        if (Array.Exists(_rungs, other => other.IsOnAir))
        {
            if (rung.FirstFree > _open)
            {
                return;   // waits for the next segment
            }

            rung.Edge = null;
            Begin(rung);
            return;
        }

        // A new run, some time after the old one: with the first number that nobody has listed anything of.
        var next = _rungs.Max(one => one.FirstFree);
        var end90k = _runStart90k + (_open - _runFirst + 1) * SegmentPictures * SyntheticStream.FrameTicks;
        if (rung.Edge is { PartsSent: true } edge && next == edge.Msn + 1)
        {
            (rung.GapsBefore, rung.GapStart90k) = (1, edge.Start90k);
        }

        _runStart90k = end90k + _chance.Next(4) * 90_000;
        // A run of which nobody has listed anything was none: its first number is begun anew with the count that it had (Resumption.At).
        (_run, _open, _runFirst, _progress) = (next == _runFirst && _run > 0 ? _run : _run + 1, next, next, 0);
        rung.Edge = null;
        Begin(rung);
    }

    sealed class Rung(int rendition)
    {
        public int Rendition => rendition;

        public LiveWindow Window { get; } = new(new LiveWindowOptions { Window = TimeSpan.FromSeconds(16) }, SyntheticStream.Muxers, rendition);

        // ISO/IEC 14496-15 §5.3.3.1: one SPS of four bytes, one PPS of two.
        public TrackInfo Picture { get; } = SyntheticStream.Video with
        {
            DecoderConfig = new byte[] { 1, 100, 0, 31, 0xFF, 0xE1, 0, 4, 0x67, 100, (byte)rendition, 31, 1, 0, 2, 0x68, 0xEE },
        };

        public SyntheticStream Source { get; set; } = null!;

        public List<SyntheticStream> Sources { get; } = [];

        public List<MarkedFrame> Queue { get; } = [];

        public List<MarkedFrame> Rest { get; } = [];

        public bool IsOnAir { get; set; }

        public long Epoch { get; set; }

        public long FirstFree { get; set; }

        public long Newest { get; set; } = -1;

        public LiveWindowEdge? Edge { get; set; }

        public int GapsBefore { get; set; }

        public long GapStart90k { get; set; }
    }
}
