namespace Tributary.Media.Sets;

/// <summary>Takes a part of a set (<c>clipFrom</c>, <c>clipTo</c>): a set whose clips are shorter, and that begins at 0.</summary>
public static class SetTrimming
{
    /// <summary>The part; the set itself where it asks for none. The length of a single clip may be unknown: then its end is left to who knows the file.</summary>
    /// <returns>False where the part begins after the set's end.</returns>
    public static bool TryTrim(MediaSetDescription set, out MediaSetDescription trimmed)
    {
        trimmed = set;
        if (set.ClipFrom == 0 && set.ClipTo is null)
        {
            return true;
        }

        if (set.Durations.Count == 0)
        {
            trimmed = set with { ClipFrom = 0, ClipTo = set.ClipTo - set.ClipFrom, Sequences = [.. set.Sequences.Select(s => Shift(s, 0, set.ClipFrom))] };
            return set.ClipTo is null || set.ClipTo > set.ClipFrom;
        }

        var (first, offset) = ClipAt(set.Durations, set.ClipFrom);
        if (first == set.Durations.Count || set.ClipTo <= set.ClipFrom)
        {
            return false;
        }

        var (last, end) = set.ClipTo is { } to ? ClipAt(set.Durations, to) : (set.Durations.Count, 0);
        var count = Math.Min(set.Durations.Count, end > 0 ? last + 1 : last) - first;
        trimmed = Cut(set, first, count, offset, end > 0 ? end : null);
        return true;
    }

    static MediaSetDescription Cut(MediaSetDescription set, int first, int count, long offset, long? end)
    {
        var durations = set.Durations.Skip(first).Take(count).ToArray();
        if (end is { } limit && first + count <= set.Durations.Count)
        {
            durations[^1] = limit;
        }

        durations[0] -= offset;
        return set with
        {
            ClipFrom = 0,
            ClipTo = null,
            Durations = durations,
            ClipTimes = set.ClipTimes is { } times ? [.. times.Skip(first).Take(count).Select((time, i) => i == 0 ? time + offset : time)] : null,
            Sequences = [.. set.Sequences.Select(sequence => Shift(sequence with { Clips = [.. sequence.Clips.Skip(first).Take(count)] }, 0, offset))],
        };
    }

    static SequenceDescription Shift(SequenceDescription sequence, int clip, long by) =>
        by == 0 ? sequence : sequence with { Clips = [.. sequence.Clips.Select((c, i) => i == clip ? Shift(c, by) : c)] };

    static ClipDescription Shift(ClipDescription clip, long by)
    {
        var moved = clip.KeyFrameDurations is null ? clip : clip with { FirstKeyFrameOffset = clip.FirstKeyFrameOffset - by };
        return moved switch
        {
            SourceClip source => source with { ClipFrom = source.ClipFrom + by },
            ConcatClip concat => concat with { ClipFrom = concat.ClipFrom + by },
            RateFilterClip filter => filter with { Source = Shift(filter.Source, by) },
            GainFilterClip filter => filter with { Source = Shift(filter.Source, by) },
            MixFilterClip filter => filter with { Sources = [.. filter.Sources.Select(source => Shift(source, by))] },
            _ => moved,
        };
    }

    static (int Clip, long Offset) ClipAt(IReadOnlyList<long> durations, long time)
    {
        for (var clip = 0; clip < durations.Count; clip++)
        {
            if (time < durations[clip])
            {
                return (clip, time);
            }

            time -= durations[clip];
        }

        return (durations.Count, 0);
    }
}
