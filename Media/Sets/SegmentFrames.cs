using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>The frames of one track that a segment holds, in decoding order, with times of the presentation.</summary>
public sealed class SegmentTrack
{
    /// <summary>The track; of several sources one after another, the first.</summary>
    public required SetTrack Track { get; init; }

    public required SegmentRun[] Runs { get; init; }

    /// <summary>Frames in all.</summary>
    public int Count => Runs.Sum(run => run.Frames.Length);

    /// <summary>Bytes in all.</summary>
    public long TotalBytes => Runs.Sum(run => run.Bytes);

    /// <summary>Sum of the frames' durations, in ticks of the packager.</summary>
    public long Duration => Runs.Sum(run => run.Duration);

    /// <summary>Decode time of the first frame (of the segment's nominal start where there is none), in ticks of the packager.</summary>
    public long FirstDts => Runs.Length == 0 ? 0 : Runs[0].Start;
}

/// <summary>Frames from one source.</summary>
/// <param name="Track">Whose.</param>
/// <param name="Start">Decode time of the first frame in the presentation, in ticks of the packager.</param>
/// <param name="Number">Number of the first frame in the source.</param>
/// <param name="Frames">The frames; their own times count from their clip's start.</param>
public sealed record SegmentRun(SetTrack Track, long Start, int Number, SetFrame[] Frames)
{
    public long Bytes { get; } = SumOf(Frames).Bytes;

    public long Duration { get; } = SumOf(Frames).Duration;

    static (long Bytes, long Duration) SumOf(SetFrame[] frames)
    {
        var (bytes, duration) = (0L, 0L);
        foreach (ref readonly var frame in frames.AsSpan())
        {
            bytes += frame.Size;
            duration += frame.Duration;
        }

        return (bytes, duration);
    }
}

/// <summary>Picks the frames of a segment.</summary>
public static class SegmentFrames
{
    /// <summary>
    /// Frames of all tracks of a set in the given parts of clips. Where segments start at key frames, the first video track decides, and what is muxed with
    /// it starts where it does.
    /// </summary>
    /// <param name="set">The set, with the parts' clips opened.</param>
    /// <param name="ranges">Parts of clips, in their order.</param>
    /// <param name="timescale">Ticks per second of the result.</param>
    /// <param name="origin">What is taken off all times, in milliseconds.</param>
    /// <param name="tracks">The frames, a track of the first clip each.</param>
    public static MediaFailure TryPick(MediaSet set, IReadOnlyList<ClipRange> ranges, int timescale, long origin, out SegmentTrack[] tracks)
    {
        tracks = [];
        long bytes = 0;
        long frames = 0;
        var runs = new List<(SetTrack Track, List<SegmentRun> Runs)>();
        foreach (var range in ranges)
        {
            var boundaries = new Boundaries(set, range);
            foreach (var track in set.Clips[range.Clip])
            {
                if (FailureOf(track) is var failure && failure != MediaFailure.None)
                {
                    return failure;
                }

                var (first, end) = boundaries.Of(track);
                frames += end - first;
                if (frames > set.Options.Reading.SegmentMaxFrameCount)
                {
                    return MediaFailure.BadData;
                }

                if (!track.TryRead(first, end - first, timescale, out var read))
                {
                    return MediaFailure.BadData;
                }

                var start = Scale(set.Timeline.Times[range.Clip] + track.PartStart + set.Selection.ShiftOf(track.Kind) - origin, timescale);
                var run = new SegmentRun(track, start + (read.Length > 0 ? read[0].Dts : Scale(range.From - track.PartStart, timescale)), first, read);
                bytes += run.Bytes;
                Append(runs, track, run);
            }
        }

        tracks = [.. runs.Select(entry => new SegmentTrack { Track = entry.Track, Runs = [.. entry.Runs] })];
        return bytes > set.Options.Reading.MaxFramesSize ? MediaFailure.BadData : MediaFailure.None;
    }

    // Without a key the request cannot be answered for this media; with one it could, by a decryptor of its scheme.
    static MediaFailure FailureOf(SetTrack track) =>
        track.Source.Encryption is not null && track.Decryptor is null ? track.HasKey ? MediaFailure.NotImplemented : MediaFailure.BadRequest
        : track.Source.FramesDamage.Length > 0 ? MediaFailure.BadData
        : MediaFailure.None;

    static long Scale(long milliseconds, int timescale) => MediaTime.Rescale(milliseconds, 1000, timescale);

    static void Append(List<(SetTrack Track, List<SegmentRun> Runs)> runs, SetTrack track, SegmentRun run)
    {
        var index = runs.FindIndex(entry => entry.Track.IsPartOf(track));
        if (index < 0)
        {
            runs.Add((track, [run]));
        }
        else if (run.Frames.Length > 0 || runs[index].Runs[^1].Frames.Length == 0)
        {
            runs[index].Runs.Add(run);
        }
    }

    /// <summary>Where a part of a clip begins and ends in each of its tracks.</summary>
    readonly struct Boundaries(MediaSet set, ClipRange range)
    {
        readonly SetTrack? _leader = set.Timeline.Schedule.AlignToKeyFrames
            ? set.Clips[range.Clip].FirstOrDefault(track => track.Kind == TrackKind.Video && track.Source.HasKeyFrameTable)
            : null;

        internal (int First, int End) Of(SetTrack track) => (At(track, range.From, track.FirstFrame), At(track, range.To, track.EndFrame));

        int At(SetTrack track, long milliseconds, int edge)
        {
            if (milliseconds == long.MaxValue || milliseconds <= 0)
            {
                return edge;
            }

            if (_leader is null || track.Sequence != _leader.Sequence)
            {
                return track.Kind == TrackKind.Video && _leader is not null ? KeyAt(track, milliseconds) : track.FrameAt(track.TicksAt(milliseconds));
            }

            var key = KeyAt(_leader, milliseconds);
            return key >= _leader.EndFrame ? track.EndFrame : track == _leader ? key : track.FrameAt(FollowLeader(track, key));
        }

        static int KeyAt(SetTrack track, long milliseconds) =>
            Math.Min(track.Source.NextKeyFrame(track.FrameAt(track.TicksAt(milliseconds))), track.EndFrame);

        long FollowLeader(SetTrack track, int key)
        {
            var leading = _leader!.Source.DecodeTimeOf(key) + _leader.StartOffset;
            return MediaTime.Rescale(leading, _leader.Info.Timescale, track.Info.Timescale) - track.StartOffset;
        }
    }
}
