using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>One track as a view shows it. Its numbers from <see cref="First"/> to before <see cref="End"/> are complete.</summary>
public sealed record TrackView(int Slot, string Name, TrackInfo Info, long First, long End, TrackMeasure Measured)
{
    public TrackKind Kind => Info.Kind;

    /// <summary>What there is of the number <see cref="End"/>, which is still open.</summary>
    public TrackPart[] Parts { get; init; } = [];

    /// <summary>What a player needs before <see cref="Parts"/>.</summary>
    public InitSegment? OpenInit { get; init; }

    /// <summary>How far the other tracks were when this one changed last.</summary>
    public RenditionPlace[] Others { get; internal set; } = [];

    /// <summary>Which rendition of the entry it belongs to.</summary>
    public int Rendition { get; init; } = 1;

    /// <summary>The number in its name.</summary>
    public int Number { get; init; } = 1;

    /// <summary>Numbers that it has nothing in, and the track of its kind whose media its playlist lists instead.</summary>
    public IReadOnlyDictionary<long, int> Filled { get; init; } = NothingFilled;

    /// <summary>
    /// The numbers in which its source broke off after parts of them were listed, and how long they are for all others, in 90 kHz ticks: as long they are
    /// listed, that dates and durations go on to agree.
    /// </summary>
    public IReadOnlyDictionary<long, long> Broken { get; init; } = NothingBroken;

    static readonly Dictionary<long, int> NothingFilled = [];
    static readonly Dictionary<long, long> NothingBroken = [];
}

/// <summary>The last part of a track: its number within the segment <paramref name="Msn"/>, or -1 where that is a gap.</summary>
public readonly record struct RenditionPlace(string Name, long Msn, int Part);

/// <summary>What a <see cref="LiveWindow"/> held at one moment. Immutable.</summary>
public sealed class WindowView
{
    internal static readonly WindowView Empty = new();

    readonly TrackView[] _tracks;
    readonly LiveSegment[] _segments;
    readonly SegmentMuxers? _muxers;
    readonly (int Rendition, WindowView View)[] _homes = [];
    readonly bool? _isReady;

    WindowView() => (_segments, _tracks) = ([], []);

    internal WindowView(
        List<LiveTrack> tracks,
        SegmentList segments,
        long front,
        int generation,
        WindowPause? pause,
        bool closed,
        int targetDuration,
        int partTarget90k,
        WindowDrops drops,
        WindowView previous,
        SegmentMuxers muxers)
    {
        _tracks = [.. tracks.Select(track => track.View!)];
        (_segments, _muxers) = (segments.ToArray(), muxers);
        (Front, Generation, Pause, Closed, Drops) = (front, generation, pause, closed, drops);
        TargetDuration = targetDuration > 0 ? targetDuration : previous.TargetDuration;
        PartTarget90k = partTarget90k > 0 ? partTarget90k : previous.PartTarget90k;
        Version = previous.Version + 1;
    }

    /// <summary>Whether chunks may carry timed metadata (emsg).</summary>
    internal bool HasEvents => _muxers?.SyncPoint is not null || _homes.Any(home => home.View.HasEvents);

    /// <summary>The views of several renditions as one; their segments stay where they are.</summary>
    internal WindowView(TrackView[] tracks, (int Rendition, WindowView View)[] homes, long front, WindowPause? pause, bool isReady, WindowView previous)
    {
        (_tracks, _homes, _segments, _isReady) = (tracks, homes, [], isReady);
        (Front, Pause, Version) = (front, pause, previous.Version + 1);
        TargetDuration = homes.Max(home => home.View.TargetDuration);
        PartTarget90k = homes.Max(home => home.View.PartTarget90k);
        Generation = homes.Sum(home => home.View.Generation);
        Closed = homes[0].View.Closed;
        foreach (var (_, view) in homes)
        {
            Drops = new WindowDrops(
                Drops.Late + view.Drops.Late, Drops.Configuration + view.Drops.Configuration,
                Drops.SegmentTooLarge + view.Drops.SegmentTooLarge, Drops.TooManyTracks + view.Drops.TooManyTracks);
        }
    }

    public IReadOnlyList<TrackView> Tracks => _tracks;

    /// <summary>
    /// The tracks that players are told of: every picture, and each sound once. Renditions mostly bring the same sound; that of the first of them is
    /// offered, and those of renditions without a picture, or in another language.
    /// </summary>
    public IEnumerable<TrackView> Offered => _tracks.Where(track => Choice.Offers(track) ?? IsOfferedByItself(track));

    bool IsOfferedByItself(TrackView track) =>
        _homes.Length == 0
        || track.Kind == TrackKind.Video
        || Array.TrueForAll(_tracks, other => other.Rendition != track.Rendition || other.Kind == TrackKind.Audio)
        || Array.TrueForAll(_tracks, other =>
            other.Rendition >= track.Rendition || other.Kind == TrackKind.Video || Choice.LanguageOf(other) != Choice.LanguageOf(track));

    /// <summary>What an operator wants players to be told of the tracks.</summary>
    public TrackChoice Choice { get; internal init; } = TrackChoice.None;

    /// <summary>Rises with every change.</summary>
    public long Version { get; }

    /// <summary>Rises when the window began anew: nothing listed before goes on.</summary>
    public int Generation { get; }

    /// <summary>First listed number.</summary>
    public long Front { get; } = -1;

    /// <summary>In seconds; 0 before the first segment.</summary>
    public int TargetDuration { get; }

    /// <summary>No part is longer, in 90 kHz ticks; 0 where the source cuts none for players.</summary>
    public int PartTarget90k { get; }

    /// <summary>Why no frames come, where that is known.</summary>
    public WindowPause? Pause { get; }

    /// <summary>The window was disposed.</summary>
    public bool Closed { get; }

    public WindowDrops Drops { get; }

    /// <summary>The first video track, else the first audio track.</summary>
    public TrackView? Leading => Array.Find(_tracks, track => track.Kind == TrackKind.Video) ?? Array.Find(_tracks, track => track.Kind == TrackKind.Audio);

    /// <summary>Whether every track has shown a segment, so that a master playlist can tell all of them.</summary>
    public bool IsReady => _isReady is { } known ? known && _tracks.Length > 0 : Tracks.Count > 0 && Tracks.All(track => track.End > track.First) && Tracks.Any(HasMedia);

    /// <summary>The track with this number among those of its kind, as its name says it.</summary>
    public TrackView? Find(TrackKind kind, int number)
    {
        foreach (var track in _tracks)
        {
            if (track.Kind == kind && track.Number == number)
            {
                return track;
            }
        }

        return null;
    }

    /// <summary>A segment of the track that the view still has, listed or not.</summary>
    public LiveSegment? Segment(TrackView track, long msn) => HomeOf(track).Segment(msn);

    /// <summary>What the playlist of a track lists at a number: its own share, or that of the track which fills it.</summary>
    public TrackSegment? Share(TrackView track, long msn)
    {
        var carrier = CarrierOf(track, msn);
        return Segment(carrier, msn)?.Track(carrier.Slot);
    }

    /// <summary>The track whose media the playlist of <paramref name="track"/> lists at a number.</summary>
    public TrackView CarrierOf(TrackView track, long msn) =>
        track.Filled.TryGetValue(msn, out var number) ? Find(track.Kind, number) ?? track : track;

    /// <summary>A copy of the newest frame of a track with which a segment begins and decoding can.</summary>
    public bool TryCopyKeyFrame(TrackView track, out TrackInfo info, out byte[] frame)
    {
        const int Farthest = 4;
        for (var msn = track.End; msn >= track.First && msn > track.End - Farthest; msn--)
        {
            var carrier = CarrierOf(track, msn);
            if (Segment(carrier, msn) is not { } segment || segment.Parts(carrier.Slot) is not [{ StartsWithKey: true } first, ..] || !segment.TryRetain())
            {
                continue;
            }

            (info, frame) = (first.Frames[0].Track, first.Frames[0].Data.Span.ToArray());
            segment.Release();
            return true;
        }

        (info, frame) = (track.Info, []);
        return false;
    }

    /// <summary>
    /// Whether the track's rendition is lost and nobody fills for it, as no other has its codec, while others go on: what they bring does not wait for it.
    /// </summary>
    public bool IsLeftBehind(TrackView track) =>
        HomeOf(track) is { Pause: not null } && Array.Exists(_tracks, other => other.Rendition != track.Rendition && other.End - track.End >= LadderTrack.Behind);

    WindowView HomeOf(TrackView track)
    {
        foreach (var (rendition, view) in _homes)
        {
            if (rendition == track.Rendition)
            {
                return view;
            }
        }

        return this;
    }

    /// <summary>
    /// A segment that the view still has, listed or not; of the first rendition that has it. A number that a lost source left open is begun anew by the next
    /// one, after a discontinuity: then of the first that is so far.
    /// </summary>
    public LiveSegment? Segment(long msn)
    {
        LiveSegment? newest = null;
        foreach (var (_, view) in _homes)
        {
            if (view.Segment(msn) is { Mark: { } mark } found && (newest is null || IsLater(mark, newest.Mark!)))
            {
                newest = found;
            }
        }

        return newest ?? Own(msn);
    }

    // Renditions of one run begin a number at about the same place.
    internal static bool IsLater(SegmentMark one, SegmentMark other) =>
        one.DiscontinuitySequence > other.DiscontinuitySequence
        || (one.DiscontinuitySequence == other.DiscontinuitySequence && one.Start90k - other.Start90k > MediaTime.Hz90k / 2);

    LiveSegment? Own(long msn) =>
        _segments.Length > 0 && msn >= _segments[0].Msn && msn <= _segments[^1].Msn ? _segments[(int)(msn - _segments[0].Msn)] : null;

    /// <summary>Whether the listed part of the track has anything but gaps.</summary>
    public bool HasMedia(TrackView track)
    {
        for (var msn = track.End - 1; msn >= track.First; msn--)
        {
            if (Share(track, msn) is { IsGap: false })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The initialization section with this number that a segment of the track still needs.</summary>
    public InitSegment? Init(TrackView track, ulong number)
    {
        if (_homes.Length > 0)
        {
            return HomeOf(track) is { } home && home.Find(track.Kind, track.Number) is { } own ? home.Init(own, number) : null;
        }

        if (track.OpenInit?.Number == number)
        {
            return track.OpenInit;
        }

        for (var index = _segments.Length - 1; index >= 0; index--)
        {
            if (_segments[index].Track(track.Slot)?.Init is { } init && init.Number == number)
            {
                return init;
            }
        }

        return null;
    }

    /// <summary>A segment of one track in CMAF form. The body is a lease: dispose it.</summary>
    public SegmentLookup TryOpenCmaf(TrackView track, long msn, out SegmentBody? body)
    {
        body = null;
        var found = Look(track, track, msn, out var segment);
        if (found == SegmentLookup.Found)
        {
            body = new SegmentBody(segment!, segment!.Track(track.Slot)!);
        }

        return found;
    }

    /// <summary>A segment of at most one video and one audio track as transport stream. The body is a lease: dispose it.</summary>
    public SegmentLookup TryOpenTs(TrackView? video, TrackView? audio, long msn, out SegmentBody? body)
    {
        body = null;
        var found = Look(video ?? audio!, audio ?? video!, msn, out var segment);
        if (found == SegmentLookup.Found)
        {
            try
            {
                body = new SegmentBody(segment!, segment!.Ts(video?.Slot ?? -1, audio?.Slot ?? -1, HomeOf(video ?? audio!)._muxers!).Bytes);
            }
            catch
            {
                segment!.Release();
                throw;
            }
        }

        return found;
    }

    /// <summary>A part of one track, of a complete segment or of the open one. The body is a lease: dispose it.</summary>
    public SegmentLookup TryOpenPart(TrackView track, long msn, int part, out SegmentBody? body)
    {
        body = null;
        if (msn > track.End || (msn == track.End && part >= track.Parts.Length))
        {
            return SegmentLookup.NotYet;
        }

        if (Segment(track, msn) is not { } segment || !segment.TryRetain())
        {
            return SegmentLookup.Gone;
        }

        var parts = segment.Parts(track.Slot);
        if (part < parts.Length && segment.TrySend())
        {
            body = new SegmentBody(segment, parts.AsMemory(part, 1));
            return SegmentLookup.Found;
        }

        segment.Release();
        return SegmentLookup.Nothing;
    }

    /// <summary>
    /// A part that the segment has so far, for who keeps it without showing it to a player: the number may still be begun anew by another source.
    /// The body is a lease: dispose it.
    /// </summary>
    public static SegmentBody? TryHoldPart(LiveSegment segment, int slot, int part) =>
        part < segment.Parts(slot).Length && segment.TryRetain() ? new SegmentBody(segment, segment.Parts(slot).AsMemory(part, 1)) : null;

    /// <summary>
    /// Whether the tracks (one of them null, or both of one playlist) have come to a place: a number, complete where <paramref name="part"/> is
    /// negative, or that part of it. A part beyond the last of its segment is part 0 of the next (RFC 8216bis §6.2.5.2).
    /// </summary>
    public bool Reaches(TrackView? video, TrackView? audio, long msn, int part) =>
        (video is null || Reaches(video, msn, part)) && (audio is null || Reaches(audio, msn, part));

    bool Reaches(TrackView track, long msn, int part)
    {
        if (part >= 0 && msn == track.End)
        {
            return part < track.Parts.Length;
        }

        var isPast = part >= 0 && msn == track.End - 1 && Share(track, msn) is { IsGap: false } last && part >= last.Parts.Length;
        return isPast ? track.Parts.Length > 0 : msn < track.End;
    }

    /// <summary>
    /// Whether no part from <paramref name="part"/> on comes any more of a number of the track itself, whoever fills it in a playlist: it is complete, a gap,
    /// or was given up by a source that is lost.
    /// </summary>
    public bool IsOver(TrackView track, long msn, int part)
    {
        var home = HomeOf(track);
        var segment = home.Segment(msn);
        var isClosed = home.Pause is not null || segment?.Track(track.Slot) is not null || home.Find(track.Kind, track.Number) is not { } own || msn < own.End;
        return isClosed && part >= (segment?.Parts(track.Slot).Length ?? 0);
    }

    // Found comes with a reference to the segment.
    SegmentLookup Look(TrackView one, TrackView other, long msn, out LiveSegment? segment)
    {
        segment = Segment(one, msn);
        if (msn >= Math.Min(one.End, other.End))
        {
            return SegmentLookup.NotYet;
        }

        if (segment is null || !segment.TryRetain())
        {
            return SegmentLookup.Gone;
        }

        if (segment.Track(one.Slot) is { IsGap: false } || segment.Track(other.Slot) is { IsGap: false })
        {
            return SegmentLookup.Found;
        }

        segment.Release();
        return SegmentLookup.Nothing;
    }
}
