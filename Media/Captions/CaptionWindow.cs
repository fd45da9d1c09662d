namespace Tributary.Media.Captions;

/// <summary>Which cues of a file are written, and when they are shown. Times are milliseconds.</summary>
/// <param name="From">Cues that end before are left out; time of the file.</param>
/// <param name="To">Cues that begin here or later are left out; time of the file. A cue that spans two windows is in both.</param>
/// <param name="Shift">Added to the file's times.</param>
/// <param name="ClipFrom">Where the part of the file begins that is played: no cue is shown before.</param>
/// <param name="ClipTo">Where that part ends: no cue is shown longer.</param>
public readonly record struct CaptionWindow(long From, long To, long Shift = 0, long ClipFrom = 0, long ClipTo = long.MaxValue)
{
    public static CaptionWindow Whole => new(0, long.MaxValue);

    /// <summary>The cues of the window, with the times at which they are shown.</summary>
    public IEnumerable<CaptionCue> Of(CaptionsFile file)
    {
        var window = this;
        return file.Cues
            .Select(cue => cue with { Start = Math.Max(cue.Start, window.ClipFrom), End = Math.Min(cue.End, window.ClipTo) })
            .Where(cue => cue.End >= window.From && cue.Start < window.To && cue.End > cue.Start)
            .Select(cue => cue with { Start = cue.Start + window.Shift, End = cue.End + window.Shift });
    }
}
