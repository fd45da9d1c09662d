namespace Tributary.Grains.LiveStreams;

/// <summary>
/// What an entry knows of its renditions: which are on air, and where their segments begin. Each cuts by itself, from the same plan, and so at the same
/// key frames; the <em>leading</em> one says where the others join, and what they are compared with. Another leads when it is gone: numbering and
/// timeline are the entry's, not the rendition's.
/// </summary>
sealed class RenditionLadder(TimeSpan doubtAfter, TimeSpan segment, TimeProvider time)
{
    const int Compared = 4;
    const long Tolerance90k = 22_500;   // boundaries that are a quarter of a second apart are not one

    readonly SortedDictionary<int, Rung> _rungs = [];
    int _leading;

    /// <summary>Renditions that were ever heard of since <see cref="Clear"/>.</summary>
    public int[] Known => [.. _rungs.Keys];

    /// <summary>The rendition with which the others are compared; 0 where none is on air.</summary>
    public int Leading => Leads()?.Number ?? 0;

    /// <summary>Whether any rendition but this one is on air.</summary>
    public bool HasOthers(int rendition) => _rungs.Values.Any(rung => rung.Number != rendition && rung.IsOnAir);

    public bool IsOnAir(int rendition) => _rungs.TryGetValue(rendition, out var rung) && rung.IsOnAir;

    public SourceReport? Last(int rendition) => _rungs.GetValueOrDefault(rendition)?.Last;

    /// <summary>True: the rendition was not known.</summary>
    public bool Know(int rendition) => _rungs.TryAdd(rendition, new Rung(rendition));

    /// <summary>A source on air was heard.</summary>
    public void Note(int rendition, SourceReport report)
    {
        var rung = RungOf(rendition);
        (rung.Last, rung.Heard) = (report, time.GetTimestamp());
        if (report.NextMsn > report.OpenMsn && (rung.Begun.Count == 0 || rung.Begun[^1].Msn < report.OpenMsn))
        {
            rung.Begun.Add(new Boundary(report.OpenMsn, report.Open90k, report.DiscontinuitySequence));
            rung.Begun.RemoveRange(0, Math.Max(0, rung.Begun.Count - Compared));
        }
    }

    /// <summary>The rendition has no source on air any more.</summary>
    public void Gone(int rendition)
    {
        var rung = RungOf(rendition);
        (rung.Last, rung.Heard) = (null, null);
        rung.Begun.Clear();
    }

    /// <summary>Takes for gone whose host was not heard for so long.</summary>
    public void Expire(TimeSpan limit)
    {
        foreach (var rung in _rungs.Values.Where(rung => rung.IsOnAir && rung.Heard is { } heard && time.GetElapsedTime(heard) > limit).ToArray())
        {
            Gone(rung.Number);
        }
    }

    public void Clear()
    {
        _rungs.Clear();
        _leading = 0;
    }

    /// <summary>The rendition was told to lead: until it does, or was waited for long enough, the others wait for it.</summary>
    public void Promise(int rendition)
    {
        _leading = rendition;
        RungOf(rendition).Heard = time.GetTimestamp();
    }

    /// <summary>Whether its segments begin where those of the leading rendition do.</summary>
    public bool IsAstray(int rendition)
    {
        var (own, leading) = (RungOf(rendition), Leads());
        if (leading is null || leading == own)
        {
            return false;
        }

        foreach (var boundary in own.Begun)
        {
            if (leading.Begun.Find(other => other.Msn == boundary.Msn) is { } other
                && (Math.Abs(other.Start90k - boundary.Start90k) > Tolerance90k || other.DiscontinuitySequence != boundary.DiscontinuitySequence))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where a source goes on air as this rendition. <see cref="RenditionOutcome.Leads"/> comes without a place: the entry's numbering says it.</summary>
    public (RenditionOutcome Outcome, RenditionStart? At) Join(int rendition, SourcePlace candidate, long firstFree)
    {
        if (Leads(except: rendition) is not { } leading)
        {
            return (RenditionOutcome.Leads, null);
        }

        if (leading.Last is not { Place.Shift90k: { } shift } last || leading.Begun is not [.., var open]
            || RenditionClock.Find(last.Place, shift, candidate) is not { } offset
            || firstFree > open.Msn || candidate.Kept90k is not { } kept || kept + offset > open.Start90k + RenditionClock.Tolerance90k)
        {
            return (RenditionOutcome.Waits, null);
        }

        return (RenditionOutcome.Follows, new RenditionStart
        {
            Msn = open.Msn,
            DiscontinuitySequence = open.DiscontinuitySequence,
            StartsDiscontinuity = last.OpenStartsDiscontinuity,
            Start90k = open.Start90k,
            Time = last.OpenTime,
            Offset90k = offset,
            RunStart90k = last.RunStart90k,
            TargetDuration = last.TargetDuration,
            Pace90k = Pace(leading),
        });
    }

    long Pace(Rung rung) => rung.Begun is [.., var before, var open] ? open.Start90k - before.Start90k : segment.Ticks * 9 / 1_000;

    // The one that leads goes on leading while it is heard; else the first that is.
    Rung? Leads(int except = 0)
    {
        if (_leading != except && _rungs.TryGetValue(_leading, out var known) && IsFresh(known))
        {
            return known;
        }

        var next = _rungs.Values.FirstOrDefault(rung => rung.Number != except && rung.IsOnAir && IsFresh(rung))
            ?? _rungs.Values.FirstOrDefault(rung => rung.Number != except && rung.IsOnAir);
        if (next is not null && except == 0)
        {
            _leading = next.Number;
        }

        return next;
    }

    bool IsFresh(Rung rung) => rung.Heard is { } heard && time.GetElapsedTime(heard) <= doubtAfter;

    Rung RungOf(int rendition)
    {
        Know(rendition);
        return _rungs[rendition];
    }

    /// <summary>The beginning of one segment.</summary>
    sealed record Boundary(long Msn, long Start90k, long DiscontinuitySequence);

    sealed class Rung(int number)
    {
        public int Number => number;

        public SourceReport? Last { get; set; }

        public long? Heard { get; set; }

        public List<Boundary> Begun { get; } = [];

        public bool IsOnAir => Last is not null;
    }
}
