using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>One track as a view shows it. Its numbers from <see cref="First"/> to before <see cref="End"/> are complete.</summary>
public sealed record TrackView(int Slot, string Name, TrackInfo Info, long First, long End, TrackMeasure Measured)
{
    public TrackKind Kind => Info.Kind;
}

/// <summary>What a <see cref="LiveWindow"/> held at one moment. Immutable.</summary>
public sealed class WindowView
{
    internal static readonly WindowView Empty = new();

    readonly TrackView[] _tracks;
    readonly LiveSegment[] _segments;
    readonly SegmentMuxers? _muxers;

    WindowView() => (_segments, _tracks) = ([], []);

    internal WindowView(
        List<LiveTrack> tracks,
        SegmentList segments,
        long front,
        int generation,
        WindowPause? pause,
        bool closed,
        int targetDuration,
        WindowDrops drops,
        WindowView previous,
        SegmentMuxers muxers)
    {
        _tracks = [.. tracks.Select(track => new TrackView(
            track.Slot, track.Name, track.Info, Math.Max(track.FirstMsn, front), track.NextMsn, track.Measured))];
        (_segments, _muxers) = (segments.ToArray(), muxers);
        (Front, Generation, Pause, Closed, Drops) = (front, generation, pause, closed, drops);
        TargetDuration = targetDuration > 0 ? targetDuration : previous.TargetDuration;
        Version = previous.Version + 1;
    }

    public IReadOnlyList<TrackView> Tracks => _tracks;

    /// <summary>Rises with every change.</summary>
    public long Version { get; }

    /// <summary>Rises when the window began anew: nothing listed before goes on.</summary>
    public int Generation { get; }

    /// <summary>First listed number.</summary>
    public long Front { get; } = -1;

    /// <summary>In seconds; 0 before the first segment.</summary>
    public int TargetDuration { get; }

    /// <summary>Why no frames come, where that is known.</summary>
    public WindowPause? Pause { get; }

    /// <summary>The window was disposed.</summary>
    public bool Closed { get; }

    public WindowDrops Drops { get; }

    /// <summary>The first video track, else the first audio track.</summary>
    public TrackView? Leading => Find(TrackKind.Video, 1) ?? Find(TrackKind.Audio, 1);

    /// <summary>Whether every track has shown a segment, so that a master playlist can tell all of them.</summary>
    public bool IsReady => Tracks.Count > 0 && Tracks.All(track => track.End > track.First) && Tracks.Any(HasMedia);

    /// <summary>The track with this number among those of its kind, from 1.</summary>
    public TrackView? Find(TrackKind kind, int number)
    {
        foreach (var track in _tracks)
        {
            if (track.Kind == kind && --number == 0)
            {
                return track;
            }
        }

        return null;
    }

    /// <summary>A segment that the view still has, listed or not.</summary>
    public LiveSegment? Segment(long msn) =>
        _segments.Length > 0 && msn >= _segments[0].Msn && msn <= _segments[^1].Msn ? _segments[(int)(msn - _segments[0].Msn)] : null;

    /// <summary>Whether the listed part of the track has anything but gaps.</summary>
    public bool HasMedia(TrackView track)
    {
        for (var msn = track.End - 1; msn >= track.First; msn--)
        {
            if (Segment(msn)?.Track(track.Slot) is { IsGap: false })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The initialization section with this number that a segment of the track still needs.</summary>
    public InitSegment? Init(TrackView track, ulong number)
    {
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
                body = new SegmentBody(segment!, segment!.Ts(video?.Slot ?? -1, audio?.Slot ?? -1, _muxers!).Bytes);
            }
            catch
            {
                segment!.Release();
                throw;
            }
        }

        return found;
    }

    // Found comes with a reference to the segment.
    SegmentLookup Look(TrackView one, TrackView other, long msn, out LiveSegment? segment)
    {
        segment = Segment(msn);
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
