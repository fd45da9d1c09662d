using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>Which clips of a set a request needs opened.</summary>
/// <param name="Kind">How the clips are found.</param>
/// <param name="Number">Number of a segment or of a clip, from 0.</param>
/// <param name="Clip">Clip that the segment's number counts in; null where numbers run through the presentation.</param>
/// <param name="Time">When the segment is, in milliseconds of the presentation.</param>
public readonly record struct SetNeeds(SetNeedsKind Kind, int Number = 0, int? Clip = null, long Time = 0);

public enum SetNeedsKind
{
    /// <summary>The clip that stands for all: manifests.</summary>
    Reference,

    /// <summary>Every clip: manifests that tell of each.</summary>
    All,

    /// <summary>The clips that a segment has frames of.</summary>
    Segment,

    /// <summary>The clips that the segment at a time has frames of.</summary>
    Time,

    /// <summary>One clip, by its number in the presentation.</summary>
    Clip,
}

/// <summary>A set that was loaded, or why not.</summary>
/// <param name="Set">The set; null where it failed.</param>
/// <param name="Failure">Why not.</param>
/// <param name="Reason">One sentence for the log.</param>
public readonly record struct LoadedSet(MediaSet? Set, MediaFailure Failure, string Reason)
{
    public static LoadedSet Failed(MediaFailure failure, string reason) => new(null, failure, reason);
}

/// <summary>
/// Makes a <see cref="MediaSet"/> of a description: 1. takes the part that is asked for, 2. lays out the timeline, 3. opens the clips that the request needs,
/// 4. picks their tracks.
/// </summary>
public sealed class MediaSetLoader(IMediaOpener opener, PackagingOptions options)
{
    /// <summary>Loads what a request needs. Media that is damaged or not there is a failure, not an exception.</summary>
    /// <param name="description">What is played.</param>
    /// <param name="needs">Which clips.</param>
    /// <param name="selection">Which tracks.</param>
    /// <param name="clock">Milliseconds since the Unix epoch.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async ValueTask<LoadedSet> LoadAsync(
        MediaSetDescription description, SetNeeds needs, SetSelection selection, long clock, CancellationToken cancellation)
    {
        if (!SetTrimming.TryTrim(description, out var set))
        {
            return LoadedSet.Failed(MediaFailure.BadRequest, "the part that is asked for lies outside of the media");
        }

        var opened = new OpenedClips(opener, selection, options);
        try
        {
            var loaded = await LoadTrimmedAsync(set, needs, opened, clock, cancellation);
            if (loaded.Set is null)
            {
                await opened.DisposeAsync();
            }

            return loaded;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    async ValueTask<LoadedSet> LoadTrimmedAsync(
        MediaSetDescription set, SetNeeds needs, OpenedClips opened, long clock, CancellationToken cancellation)
    {
        var durations = set.Durations;
        if (durations.Count == 0)
        {
            var failure = await opened.OpenAsync(set, 0, set.ClipTo, new ClipRange(0, 0, long.MaxValue), cancellation);
            if (failure.Failure != MediaFailure.None)
            {
                return LoadedSet.Failed(failure.Failure, failure.Reason);
            }

            durations = [opened.DurationOf(0, options.Segmentation.ManifestDurationPolicy)];
        }

        var timeline = SetTimeline.Create(set, options.Segmentation, durations);
        var now = clock + set.TimeOffsetSeconds * 1000;
        var reference = ReferenceClip(set, timeline);
        var ranges = RangesFor(needs, timeline, reference);
        if (ranges.Count == 0)
        {
            return LoadedSet.Failed(MediaFailure.NoStreams, "there is no such segment");
        }

        foreach (var range in ranges)
        {
            var limit = set.Durations.Count == 0 ? set.ClipTo : durations[range.Clip];
            var failure = await opened.OpenAsync(set, range.Clip, limit, range, cancellation);
            if (failure.Failure != MediaFailure.None)
            {
                return LoadedSet.Failed(failure.Failure, failure.Reason);
            }
        }

        var loaded = new MediaSet
        {
            Timeline = timeline, Options = options, Selection = opened.Selection, Now = now, ReferenceClip = reference,
        };
        opened.HandTo(loaded);
        return new LoadedSet(loaded, MediaFailure.None, "");
    }

    static int ReferenceClip(MediaSetDescription set, SetTimeline timeline) =>
        Math.Clamp((set.ReferenceClipIndex ?? (set.ConsistentSequenceMediaInfo ? timeline.ClipCount : 1)) - 1, 0, Math.Max(0, timeline.ClipCount - 1));

    static IReadOnlyList<ClipRange> RangesFor(SetNeeds needs, SetTimeline timeline, int reference)
    {
        static ClipRange Whole(int clip) => new(clip, 0, long.MaxValue);
        switch (needs.Kind)
        {
            case SetNeedsKind.All:
                return [.. Enumerable.Range(0, timeline.ClipCount).Select(Whole)];
            case SetNeedsKind.Segment when needs.Clip is { } number:
                var clip = number - timeline.FirstClipNumber;
                return clip >= 0 && clip < timeline.ClipCount && needs.Number >= 0 && needs.Number < timeline.SegmentCountOf(clip)
                    ? [timeline.RangeWithin(clip, needs.Number)]
                    : [];
            case SetNeedsKind.Segment:
                return timeline.RangesOf(needs.Number);
            case SetNeedsKind.Time:
                return timeline.SegmentAt(needs.Time) is { } segment ? timeline.RangesOf(segment) : [];
            case SetNeedsKind.Clip:
                var index = needs.Number - timeline.FirstClipNumber;
                return index >= 0 && index < timeline.ClipCount ? [Whole(index)] : [];
            default:
                return timeline.ClipCount == 0 ? [] : [Whole(reference)];
        }
    }
}
