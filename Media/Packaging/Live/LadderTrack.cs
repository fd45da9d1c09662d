using Tributary.Media.Frames;

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
    TrackView? _own;
    long _end = -1;
    readonly SortedDictionary<long, long> _broken = [];
    bool _isNew;

    public int Rendition => rendition;

    public int Slot => slot;

    /// <summary>Null before it has anything to list.</summary>
    public TrackView? Merged { get; private set; }

    /// <summary>Whether a playlist that somebody saw has something of its own in this number, be it a part.</summary>
    public bool HasShown(long msn) => Merged is { } merged && msn >= merged.First && !_filled.ContainsKey(msn) && (msn < merged.End || (msn == merged.End && merged.Parts.Length > 0));

    public void Merge(
        TrackView own, WindowView home, TrackView? carrier, WindowView? carrierHome, long front, bool keepsLast,
        Func<TrackKind, int, (TrackView? Track, WindowView? Home)> find)
    {
        var isLost = home.Pause is not null || carrier?.End - own.End >= Behind;
        if (carrier is not null)
        {
            Fill(own, home, carrier, carrierHome!, front, isLost, keepsLast);
        }

        // 1. How far it is listed: never back.
        var comes = carrier is not null && isLost ? carrier.End : own.End;
        var end = UpToWhatComes(Math.Max(comes, _end), own, carrier, carrierHome, find);
        if (keepsLast && carrier is not null && carrier.End > own.End - 1 && IsShort(own.End - 1, home, carrier, carrierHome!))
        {
            _broken.TryAdd(own.End - 1, carrierHome!.Segment(own.End - 1)!.Track(carrier.Slot)!.Duration90k);
        }

        while (carrier is not null && carrier.End > end && _filled.ContainsKey(end))
        {
            end++;
        }

        // 2. From where on every number has something.
        var first = end;
        while (first > front && Has(first - 1, own, home, find))
        {
            first--;
        }

        Forget(_filled, front);
        Forget(_broken, front);

        _end = end;
        Show(own, home, first, end, find);
    }

    // What may still be listed is remembered, whatever is listed at this moment.
    static void Forget<T>(SortedDictionary<long, T> numbers, long front)
    {
        foreach (var gone in numbers.Keys.TakeWhile(msn => msn < front).ToArray())
        {
            numbers.Remove(gone);
        }
    }

    void Fill(TrackView own, WindowView home, TrackView carrier, WindowView carrierHome, long front, bool isLost, bool keepsLast)
    {
        // Before it began, and where it has nothing. What a playlist has shown of its own stays its own, though its window lists it no more.
        for (var msn = Math.Max(front, carrier.First); msn < Math.Min(own.End, carrier.End); msn++)
        {
            if (HasShown(msn))
            {
                continue;
            }

            if (msn < own.First || home.Segment(msn)?.Track(slot) is null or { IsGap: true })
            {
                FillFrom(msn, carrier, carrierHome);
            }
        }

        if (!isLost)
        {
            return;
        }

        // Its last segment, where it broke off within and nobody was told of what there is; and all that comes, the open one included.
        if (home.Pause is not null && !keepsLast && own.End > own.First && IsShort(own.End - 1, home, carrier, carrierHome))
        {
            _filled.TryAdd(own.End - 1, carrier.Number);
        }

        var isOpen = home.Pause is not null || carrier.Parts.Length > 0;   // a hint at a part of a rendition that is lost would lead nowhere
        for (var msn = own.End; msn <= (isOpen ? Math.Max(own.End, carrier.End) : carrier.End - 1); msn++)
        {
            if (msn >= _end && !ShowsParts(msn))
            {
                _filled[msn] = carrier.Number;   // who was to fill it may be lost as well, before anybody saw anything of it
            }
            else
            {
                _filled.TryAdd(msn, carrier.Number);
            }
        }
    }

    bool ShowsParts(long msn) => Merged is { Parts.Length: > 0 } merged && merged.End == msn;

    void FillFrom(long msn, TrackView carrier, WindowView carrierHome)
    {
        if (carrierHome.Segment(msn)?.Track(carrier.Slot) is { IsGap: false })
        {
            _filled.TryAdd(msn, carrier.Number);
        }
    }

    bool IsShort(long msn, WindowView home, TrackView carrier, WindowView carrierHome) =>
        msn >= carrier.End
        || home.Segment(msn)?.Track(slot) is { } own && carrierHome.Segment(msn)?.Track(carrier.Slot) is { IsGap: false } other
            && own.Duration90k < other.Duration90k - Short90k;

    // A rendition that is back may be ahead of the one that filled for it: what that one has still to complete is waited for, unless it is lost itself.
    long UpToWhatComes(
        long end, TrackView own, TrackView? present, WindowView? presentHome, Func<TrackKind, int, (TrackView? Track, WindowView? Home)> find)
    {
        for (var msn = _end; msn >= 0 && msn < end; msn++)
        {
            if (!_filled.TryGetValue(msn, out var number))
            {
                continue;
            }

            var (carrier, home) = find(own.Kind, number);
            if (carrier?.End > msn)
            {
                continue;
            }

            if (carrier is not null && home!.Pause is null)
            {
                return msn;
            }

            _filled.Remove(msn);
            if (present is not null && msn < present.End)
            {
                FillFrom(msn, present, presentHome!);
            }

            if (msn >= own.End && !_filled.ContainsKey(msn))
            {
                return msn;   // nobody has it yet
            }
        }

        return end;
    }

    bool Has(long msn, TrackView own, WindowView home, Func<TrackKind, int, (TrackView? Track, WindowView? Home)> find)
    {
        if (!_filled.TryGetValue(msn, out var number))
        {
            return msn < own.End && home.Segment(msn)?.Track(slot) is not null;
        }

        var (carrier, carrierHome) = find(own.Kind, number);
        return carrier is not null && carrierHome!.Segment(msn)?.Track(carrier.Slot) is not null;
    }

    // Another only where something is other: playlists are written once per view of a track.
    void Show(TrackView own, WindowView home, long first, long end, Func<TrackKind, int, (TrackView? Track, WindowView? Home)> find)
    {
        var (track, from) = _filled.TryGetValue(end, out var number) ? find(own.Kind, number) : (own, home);
        var parts = track is null ? [] : PartsOf(track, from!, end);
        var init = track?.OpenInit;
        _isNew = Merged is null || !ReferenceEquals(_own, own) || Merged.First != first || Merged.End != end || Merged.Parts != parts
            || !Merged.Filled.SequenceEqual(_filled) || Merged.Broken.Count != _broken.Count;   // another may fill the same numbers
        if (_isNew)
        {
            _own = own;
            Merged = own with { First = first, End = end, Parts = parts, OpenInit = init, Filled = new Dictionary<long, int>(_filled), Broken = new Dictionary<long, long>(_broken) };
        }
    }

    // Of a source that is lost its last number is complete, and not listed as such while others go on with it.
    static TrackPart[] PartsOf(TrackView track, WindowView home, long msn) =>
        track.End == msn ? track.Parts : home.Pause is not null ? home.Segment(msn)?.Parts(track.Slot) ?? [] : [];

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
