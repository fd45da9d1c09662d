using Tributary.Media.Captions;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>The captions of parts of clips as one file, with the times at which players show them. A cue that spans two segments is in both.</summary>
static class ShownCaptions
{
    /// <summary>The cues; null where none of the clips has captions.</summary>
    /// <param name="set">The set, with the parts' clips opened.</param>
    /// <param name="ranges">Parts of clips, in their order.</param>
    /// <param name="origin">What is taken off all times, in milliseconds.</param>
    internal static CaptionsFile? Of(MediaSet set, IReadOnlyList<ClipRange> ranges, long origin)
    {
        var (cues, header, found) = (new List<CaptionCue>(), "", false);
        foreach (var range in ranges)
        {
            if (set.Captions.TryGetValue(range.Clip, out var all) && all is [var captions, ..])
            {
                (header, found) = (found ? header : captions.File.Header, true);
                cues.AddRange(WindowOf(set, range, captions, origin).Of(captions.File));
            }
        }

        return found ? new CaptionsFile(cues, header, cues.Count == 0 ? 0 : cues.Max(cue => cue.End)) : null;
    }

    // Where the mapping says how long a clip is, no cue goes on in the next one.
    static CaptionWindow WindowOf(MediaSet set, ClipRange range, SetCaptions captions, long origin)
    {
        var (timeline, from) = (set.Timeline, captions.ClipFrom);
        var end = from + timeline.Durations[range.Clip];
        return new CaptionWindow(
            from + range.From,
            range.To == long.MaxValue ? end : from + range.To,
            timeline.Times[range.Clip] - from + captions.Shift - origin,
            from,
            set.Description.Durations.Count > 0 ? end : long.MaxValue);
    }
}
