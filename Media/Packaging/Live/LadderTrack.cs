namespace Tributary.Media.Packaging.Live;

/// <summary>
/// One track of one rendition as its playlist lists it: its own segments, and those of the nearest rendition where it has none. For the ladder alone.
/// </summary>
sealed class LadderTrack(int rendition, int slot)
{
    // A rendition may be one number behind while its frames are on their way; more, and it stalls.
    internal const int Behind = 2;
    const long Short90k = 9_000;

    readonly SortedDictionary<long, int> _filled = [];
    readonly SortedDictionary<long, long> _broken = [];
    LadderShare _own;
    long _end = -1;
    bool _isNew;

    public int Rendition => rendition;

    public int Slot => slot;

    /// <summary>Null before it has anything to list.</summary>
    public TrackView? Merged { get; private set; }

    /// <summary>Whether a playlist that somebody saw has something of its own in this number, be it a part.</summary>
    public bool HasShown(long msn) => Merged is { } merged && msn >= merged.First && !_filled.ContainsKey(msn) && (msn < merged.End || (msn == merged.End && merged.Parts.Length > 0));

    /// <summary>What it is while its rendition's window, which began anew, has nothing of it yet: it goes on with what others fill.</summary>
    public LadderShare Absent(WindowView home)
    {
        var at = home.Tracks.Count > 0 ? home.Tracks.Max(track => track.End) : _end;
        var isKnown = _own.Track is { Parts: [] } known && known.First == at && known.End == at;
        return new LadderShare(isKnown ? _own.Track : _own.Track with { First = at, End = at, Parts = [], OpenInit = null }, home);
    }

    /// <param name="own">The track itself.</param>
    /// <param name="nearest">Who fills what it lacks; null where no other rendition is on air.</param>
    /// <param name="keepsLast">Whether the last number of its rendition, which was lost within it, was shown by any of its tracks.</param>
    public void Merge(LadderShare own, LadderShare? nearest, bool keepsLast, LadderRound round)
    {
        var isLost = own.IsLost || nearest?.Track.End - own.Track.End >= Behind;
        Reclaim(own, isLost);
        if (nearest is { } carrier)
        {
            Fill(own, carrier, isLost, keepsLast, round.Front);
            NoteBroken(own.Track.End - 1, own, carrier, keepsLast);
            NoteBroken(own.Track.End, own, carrier, isLost && HasShown(own.Track.End));
        }

        // 1. How far it is listed: never back.
        var comes = nearest is { } other && isLost ? other.Track.End : nearest is null && round.IsOpen(own, own.Track.End - 1) ? own.Track.End - 1 : own.Track.End;
        var end = UpToWhatComes(Math.Max(comes, _end), own, nearest, round);
        var goesOn = nearest ?? (own.IsLost ? null : own);
        while (_filled.TryGetValue(end, out var by) && IsKnown(end, round.Find(own.Track.Kind, by), goesOn, round))
        {
            end++;
        }

        NoteBrokenUpTo(end, own, round);

        // 2. What there is of the number that is still open.
        var open = _filled.TryGetValue(end, out var number) ? round.Find(own.Track.Kind, number) : own;
        var parts = open is { } source ? PartsOf(source, end) : [];

        // 3. From where on every number has something. Nothing leaves the list before something came to it: a playlist changes at its own places alone.
        var least = Merged is not { } shown || shown.End <= shown.First ? round.Front
            : shown.End == end && shown.Parts == parts ? shown.First : Math.Max(shown.First, round.Front);
        var first = end;
        while (first > least && Has(first - 1, own, round))
        {
            first--;
        }

        Forget(_filled, Math.Min(first, round.Front));
        Forget(_broken, Math.Min(first, round.Front));
        _end = end;
        Show(own, first, end, parts, open?[end]?.Init ?? open?.Track.OpenInit);
    }

    // Whether what fills a number may be listed: as far as another goes on, or where all are lost up to where the last of them broke off.
    bool IsKnown(long msn, LadderShare? carrier, LadderShare? goesOn, LadderRound round) =>
        carrier is { } share && (share[msn] is not null || _broken.ContainsKey(msn))
        && (goesOn is { } present ? present.Track.End > msn || !share.IsLost : !round.IsOpen(share, msn));

    // What may still be listed is remembered, whatever is listed at this moment.
    static void Forget<T>(SortedDictionary<long, T> numbers, long front)
    {
        foreach (var gone in numbers.Keys.TakeWhile(msn => msn < front).ToArray())
        {
            numbers.Remove(gone);
        }
    }

    // What others were to fill and nobody saw yet is its own again where it has it after all.
    void Reclaim(LadderShare own, bool isLost)
    {
        foreach (var msn in _filled.Keys.Where(msn => msn >= _end && !ShowsParts(msn) && (own.HasMedia(msn) || (!isLost && msn >= own.Track.End))).ToArray())
        {
            _filled.Remove(msn);
        }
    }

    void Fill(LadderShare own, LadderShare carrier, bool isLost, bool keepsLast, long front)
    {
        // Before it began, and where it has nothing. What a playlist has shown of its own stays its own, though its window lists it no more.
        var (ownEnd, otherEnd) = (own.Track.End, carrier.Track.End);
        for (var msn = Math.Max(front, carrier.Track.First); msn < Math.Min(ownEnd, otherEnd); msn++)
        {
            if (!HasShown(msn) && (msn < own.Track.First || !own.HasMedia(msn)))
            {
                FillFrom(msn, carrier);
            }
        }

        if (!isLost)
        {
            return;
        }

        // Its last segment, where it broke off within and nobody was told of what there is; and all that comes, the open one included.
        if (own.IsLost && !keepsLast && ownEnd > own.Track.First && IsShort(ownEnd - 1, own, carrier))
        {
            _filled.TryAdd(ownEnd - 1, carrier.Track.Number);
        }

        var isOpen = own.IsLost || carrier.Track.Parts.Length > 0;   // a hint at a part of a rendition that is lost would lead nowhere
        for (var msn = ownEnd; msn <= (isOpen ? Math.Max(ownEnd, otherEnd) : otherEnd - 1); msn++)
        {
            if (HasShown(msn))
            {
                continue;
            }

            if (msn >= _end && !ShowsParts(msn))
            {
                _filled[msn] = carrier.Track.Number;   // who was to fill it may be lost as well, before anybody saw anything of it
            }
            else
            {
                _filled.TryAdd(msn, carrier.Track.Number);
            }
        }
    }

    bool ShowsParts(long msn) => Merged is { Parts.Length: > 0 } merged && merged.End == msn;

    void FillFrom(long msn, LadderShare carrier)
    {
        if (carrier.HasMedia(msn))
        {
            _filled.TryAdd(msn, carrier.Track.Number);
        }
    }

    // The number in which a source broke off after something of it was shown: as long as for all others, whether it is complete with what there is, or was
    // given up for the next source.
    void NoteBroken(long msn, LadderShare lost, LadderShare present, bool isShown)
    {
        if (isShown && msn >= _end && lost.IsLost && present[msn] is { } whole && (lost[msn] is null || (!whole.IsGap && IsShort(msn, lost, present))))
        {
            _broken.TryAdd(msn, whole.Duration90k);
        }
    }

    // Whatever comes to be listed of a source that broke off within it is as long as for who had all of it, though that one may be lost by now.
    void NoteBrokenUpTo(long end, LadderShare own, LadderRound round)
    {
        for (var msn = Math.Max(_end, round.Front); msn < end; msn++)
        {
            if ((_filled.TryGetValue(msn, out var number) ? round.Find(own.Track.Kind, number) : own) is { } source && source.BrokeOff(msn)
                && round.Whole90k(source, msn) is var whole && source[msn]!.Duration90k < whole - Short90k)
            {
                _broken.TryAdd(msn, whole);
            }
        }
    }

    static bool IsShort(long msn, LadderShare own, LadderShare carrier) =>
        msn >= carrier.Track.End
        || own[msn] is { } has && carrier[msn] is { IsGap: false } other && has.Duration90k < other.Duration90k - Short90k;

    // A rendition that is back may be ahead of the one that filled for it: what that one has still to complete is waited for, unless it is lost itself.
    long UpToWhatComes(long end, LadderShare own, LadderShare? nearest, LadderRound round)
    {
        for (var msn = _end; msn >= 0 && msn < end; msn++)
        {
            if (!_filled.TryGetValue(msn, out var number))
            {
                continue;
            }

            var carrier = round.Find(own.Track.Kind, number);
            if (carrier is { } lost && nearest is { } goesOn)
            {
                NoteBroken(msn, lost, goesOn, ShowsParts(msn));
            }

            if (nearest is null && carrier is { } source && round.IsOpen(source, msn))
            {
                return msn;
            }

            if (carrier?.Track.End > msn || _broken.ContainsKey(msn))
            {
                continue;
            }

            if (carrier is { IsLost: false } || ShowsParts(msn))
            {
                return msn;
            }

            _filled.Remove(msn);
            if (nearest is { } present && msn < present.Track.End)
            {
                FillFrom(msn, present);
            }

            if (msn >= own.Track.End && !_filled.ContainsKey(msn))
            {
                return msn;   // nobody has it yet
            }
        }

        return end;
    }

    bool Has(long msn, LadderShare own, LadderRound round) =>
        (_filled.TryGetValue(msn, out var number) ? round.Find(own.Track.Kind, number) : own) is { } source
            && (source[msn] is not null || (_broken.ContainsKey(msn) && source.Home.Segment(msn) is not null));

    // Another only where something is other: playlists are written once per view of a track.
    void Show(LadderShare own, long first, long end, TrackPart[] parts, InitSegment? init)
    {
        _isNew = Merged is not { } shown || !ReferenceEquals(_own.Track, own.Track) || (shown.First, shown.End) != (first, end) || shown.Parts != parts
            || !shown.Filled.SequenceEqual(_filled) || shown.Broken.Count != _broken.Count;   // another may fill the same numbers
        if (_isNew)
        {
            _own = own;
            Merged = own.Track with
            {
                First = first, End = end, Parts = parts, OpenInit = init,
                Filled = new Dictionary<long, int>(_filled), Broken = new Dictionary<long, long>(_broken),
            };
        }
    }

    // Of a source that is lost its last number is complete, and not listed as such while others go on with it.
    static TrackPart[] PartsOf(LadderShare share, long msn) =>
        share.Track.End == msn ? share.Track.Parts : share.IsLost ? share.Home.Segment(msn)?.Parts(share.Track.Slot) ?? [] : [];

    /// <summary>How far the other renditions are: noted when this one changes.</summary>
    public void NoteOthers(WindowView view)
    {
        if (_isNew && Merged is { } merged)
        {
            _isNew = false;
            merged.Others = [.. view.Offered.Where(other => other.Name != merged.Name && other.End > other.First).Select(other => PlaceOf(view, other))];
        }
    }

    static RenditionPlace PlaceOf(WindowView view, TrackView other) => other.Parts.Length > 0
        ? new RenditionPlace(other.Name, other.End, other.Parts.Length - 1)
        : new RenditionPlace(other.Name, other.End - 1, (view.Share(other, other.End - 1)?.Parts.Length ?? 0) - 1);
}
