using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Dash;

/// <summary>
/// A run of numbers that one Period holds: nothing is discontinuous in it, and the same tracks are there from its beginning to its end. A number
/// that a track has nothing in ends the run, since a SegmentTimeline counts segments and cannot leave one out.
/// </summary>
/// <param name="Id">The same on every gateway and for as long as the period is listed.</param>
/// <param name="From">First listed number.</param>
/// <param name="End">The number after the last.</param>
/// <param name="Start90k">Where the period begins on the stream's timeline.</param>
/// <param name="Start">The wall clock there.</param>
/// <param name="Run">How many discontinuities were before it.</param>
/// <param name="Tracks">Who is in it.</param>
sealed record DashPeriod(string Id, long From, long End, long Start90k, DateTimeOffset Start, long Run, IReadOnlyList<TrackView> Tracks)
{
    // A part of a second: what is between two segments and less than this is no hole, a source begins nearly where the one before it ended.
    const int Seam = 10;

    /// <summary>The periods of what the view lists, in order.</summary>
    /// <param name="withOpen">Whether segments count of which only parts are there.</param>
    /// <param name="before">What was made of the view before this one: what is listed keeps its period.</param>
    public static IReadOnlyList<DashPeriod> Split(WindowView view, bool withOpen, IReadOnlyList<DashPeriod> before)
    {
        var periods = new List<DashPeriod>();

        // A playlist lets go of its first numbers when it changes itself; what stood in a track's place there is known from the view's first number on.
        var first = Math.Max(view.Front, view.Offered.Min(track => track.First));

        // Whole segments are listed when all tracks have completed theirs, so that nothing moves to another period when one turns out to be a gap.
        // Low latency cannot wait for that: there, a track that fails makes the newest segments of the others change their period once.
        var end = withOpen ? view.Offered.Max(track => EndOf(view, track, withOpen)) : view.Offered.Where(track => !view.IsLeftBehind(track)).Min(track => track.End);
        for (var msn = first; msn < end; msn++)
        {
            if (view.Segment(msn)?.Mark is not { } mark)
            {
                continue;
            }

            var last = periods is [.., var newest] && newest.End == msn && !mark.StartsDiscontinuity ? newest : null;
            if (Present(view, msn, withOpen, last?.Tracks) is not { } tracks)
            {
                break;
            }

            if (last is not null && last.Tracks.SequenceEqual(tracks) && !tracks.Exists(track => IsBrokenBefore(view, track, msn)) && !BeganAt(msn, before))
            {
                periods[^1] = last with { End = msn + 1 };
            }
            else if (tracks.Count > 0 && !IsRemnant(view, msn, tracks))
            {
                periods.Add(Named(Begin(mark, tracks, periods.Count == 0 ? Known(mark, before) : null, isFirst: periods.Count == 0), before));
            }
        }

        return periods;
    }

    // What began a period does so for as long as it is listed, though a rendition's window has begun anew and nobody knows any more what was other before.
    static bool BeganAt(long msn, IReadOnlyList<DashPeriod> before)
    {
        for (var index = 1; index < before.Count; index++)
        {
            if (before[index].From == msn)
            {
                return true;
            }
        }

        return false;
    }

    // After a number in which a source broke off there is a hole, and a SegmentTimeline has none.
    static bool IsBrokenBefore(WindowView view, TrackView track, long msn) =>
        track.Broken.ContainsKey(msn - 1)
        || (view.Segment(track, msn - 1)?.Parts(track.Slot) is [.., var last] && view.Segment(track, msn)?.Parts(track.Slot) is [var first, ..]
            && first.Frames[0].Dts - last.Frames[0].Dts - last.Duration > track.Info.Timescale / Seam);

    // The last number of a source that broke off before its sound or its pictures came: often a key frame alone. As a period it is a moment in which one kind
    // has nothing; left out, it belongs to the hole between two sources.
    static bool IsRemnant(WindowView view, long msn, List<TrackView> tracks) =>
        view.Offered.Any(track => tracks.TrueForAll(present => present.Kind != track.Kind))
        && (view.Segment(msn + 1)?.Mark is { } next ? next.StartsDiscontinuity : view.Pause is not null);

    /// <summary>The number after the last that counts.</summary>
    public static long EndOf(WindowView view, TrackView track, bool withOpen) =>
        withOpen && track.Parts.Length > 0 && !IsGivenUp(view, track, track.End) && !IsBegunAnew(view, track) ? track.End + 1 : track.End;

    // Parts stay listed in HLS until the first one of the next source comes in their place; by then the number itself is another.
    static bool IsBegunAnew(WindowView view, TrackView track)
    {
        var carrier = view.CarrierOf(track, track.End);
        return view.Segment(carrier, track.End)?.Parts(carrier.Slot) is not [var first, ..] || !ReferenceEquals(first, track.Parts[0]);
    }

    // What a lost source left open of a number that is begun anew after a discontinuity.
    static bool IsGivenUp(WindowView view, TrackView track, long msn) =>
        msn == track.End && view.Segment(view.CarrierOf(track, msn), msn)?.Mark is { } own && view.Segment(msn)?.Mark is { } newest && WindowView.IsLater(newest, own);

    // The period of the view before that the first listed number belonged to.
    static DashPeriod? Known(SegmentMark first, IReadOnlyList<DashPeriod> before) =>
        before.LastOrDefault(period => period.From <= first.Msn) is { } known && first.Msn < known.End && known.Run == first.DiscontinuitySequence ? known : null;

    // What the window lists first is in the midst of its period: that began with its discontinuity, which the mark remembers. Of one that began because a
    // track failed only who listed its beginning knows.
    static DashPeriod Begin(SegmentMark mark, IReadOnlyList<TrackView> tracks, DashPeriod? known, bool isFirst)
    {
        if (known is not null && !mark.StartsDiscontinuity)
        {
            return known with { From = mark.Msn, End = mark.Msn + 1, Tracks = tracks };
        }

        var isWhole = isFirst || mark.StartsDiscontinuity;
        var start90k = isWhole ? mark.RunStart90k : mark.Start90k;
        var start = mark.ProgramDateTime - MediaTime.ToTimeSpan(mark.Start90k - start90k, MediaTime.Hz90k);
        var id = isWhole ? $"{mark.DiscontinuitySequence}" : $"{mark.DiscontinuitySequence}-{mark.Msn}";
        return new DashPeriod(id, mark.Msn, mark.Msn + 1, start90k, start, mark.DiscontinuitySequence, tracks);
    }

    // A run that was given up within its first number, which low latency had listed, gives its count to the next one, not its name.
    static DashPeriod Named(DashPeriod period, IReadOnlyList<DashPeriod> before)
    {
        var same = before.FirstOrDefault(known => known.Run == period.Run && known.Start == period.Start && known.Start90k == period.Start90k);
        var isTaken = same is null && before.Any(known => known.Id == period.Id);
        return period with { Id = same?.Id ?? (isTaken ? $"{period.Run}-{period.From}" : period.Id) };
    }

    // In the place of a track that shows another rendition's media stands that other: among pictures players choose it anyhow, but of sounds that are the
    // same only one is offered. Null where a period begins and a track has neither come nor failed yet: a player never looks for a track that joins later.
    static List<TrackView>? Present(WindowView view, long msn, bool withOpen, IReadOnlyList<TrackView>? last)
    {
        var present = new List<TrackView>();
        foreach (var track in view.Offered.Select(track => InPlaceOf(view, track, msn)).DistinctBy(track => track.Name))
        {
            var isThere = msn < EndOf(view, track, withOpen) || track.Filled.ContainsKey(msn) ? !IsGap(view, track, msn)
                : IsGivenUp(view, track, msn) || view.IsLeftBehind(track) ? false : last?.Contains(track);
            if (isThere is null)
            {
                return null;
            }

            if (isThere.Value)
            {
                present.Add(track);
            }
        }

        return present.Exists(track => msn < EndOf(view, track, withOpen)) ? present : [];
    }

    // Of two that show each other's, each has its own.
    static TrackView InPlaceOf(WindowView view, TrackView track, long msn) =>
        view.CarrierOf(track, msn) is var carrier && carrier.Filled.ContainsKey(msn) ? track : carrier;

    // Before a track began it has nothing either.
    static bool IsGap(WindowView view, TrackView track, long msn) =>
        (track.Filled.ContainsKey(msn) && !view.CarrierOf(track, msn).Filled.ContainsKey(msn)) || (msn < track.End && view.Segment(track, msn)?.Track(track.Slot) is null or { IsGap: true });
}
