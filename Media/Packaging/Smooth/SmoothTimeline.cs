using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Smooth;

/// <summary>One fragment of a stream: its number in the window, and its place in ticks of 100 ns.</summary>
readonly record struct SmoothChunk(long Msn, long Time, long Duration);

/// <summary>
/// The fragments that all qualities of one stream share, by the decoding times of its first track. A fragment may be asked for when those that it tells of
/// ahead are there too ([MS-SSTR] §2.2.4.4, TfrfBox), so the newest are known and not listed.
/// </summary>
sealed class SmoothTimeline
{
    /// <summary>Fragments that each one tells of ahead (LookaheadCount).</summary>
    public const int Lookahead = 2;

    public const int Hz = 10_000_000;

    // A source begins where the one before it ended, to a tick of 90 kHz either way.
    const int Seam = 2 * Hz / MediaTime.Hz90k;

    readonly List<SmoothChunk> _chunks = [];
    readonly bool _isOver;
    int _ended;

    /// <param name="listed">The last number that was listed before, while nothing came; -1 where there is none.</param>
    public SmoothTimeline(WindowView view, TrackView leading, long listed = -1)
    {
        _isOver = view.Pause is not null;
        var goesOn = false;
        for (var msn = leading.First; msn < leading.End; msn++)
        {
            if (view.Share(leading, msn) is { IsGap: false } share && view.Segment(msn)?.Mark is { } mark)
            {
                // What a source ended with was listed while nothing came.
                _ended = mark.StartsDiscontinuity ? _chunks.Count : _ended;
                var (dts, timescale) = (share.Parts[0].Frames[0].Dts, share.Timescale);
                var time = MediaTime.Rescale(dts, timescale, Hz);
                CloseLast(goesOn ? time : null);
                _chunks.Add(new SmoothChunk(msn, time, MediaTime.Rescale(dts + share.Duration, timescale, Hz) - time));
                goesOn = GoesOn(view, view.CarrierOf(leading, msn), msn);
            }
        }

        NoteOpen(view, leading);
        _ended = Math.Max(_ended, _chunks.FindLastIndex(chunk => chunk.Msn <= listed) + 1);
        if (!goesOn && (_isOver || _ended == _chunks.Count))
        {
            CloseLast(null);
        }
    }

    // Whether what made a number went on after it: else another source did, or nobody yet.
    static bool GoesOn(WindowView view, TrackView carrier, long msn) =>
        view.Segment(carrier, msn + 1) is { Mark: { } next } segment && segment.Track(carrier.Slot) is { IsGap: false }
        && view.Segment(carrier, msn)?.Mark is { } mark && (mark.Epoch, mark.DiscontinuitySequence) == (next.Epoch, next.DiscontinuitySequence);

    // Also while the first fragment of the source that comes after it is still being cut, be it one that this track has not come to.
    void NoteOpen(WindowView view, TrackView leading)
    {
        var newest = view.Tracks.Max(track => track.End);
        for (var msn = leading.End; msn <= newest && _ended < _chunks.Count; msn++)
        {
            _ended = view.Segment(msn)?.Mark?.StartsDiscontinuity == true ? _chunks.Count : _ended;
        }
    }

    /// <summary>What the manifest lists; all of it where nothing comes any more.</summary>
    public IReadOnlyList<SmoothChunk> Listed => _isOver ? _chunks : _chunks[..Math.Max(_ended, _chunks.Count - Lookahead)];

    /// <summary>The fragment that begins at a time, and those that follow it.</summary>
    public bool TryFind(long time, out SmoothChunk chunk, out IReadOnlyList<SmoothChunk> ahead)
    {
        var index = _chunks.FindIndex(one => one.Time == time);
        chunk = index < 0 ? default : _chunks[index];
        ahead = index < 0 ? [] : _chunks[(index + 1)..Math.Min(index + 1 + Lookahead, _chunks.Count)];
        return index >= 0;
    }

    /// <summary>Whether all that a fragment tells of ahead is there, or never will be.</summary>
    public bool IsWhole(SmoothChunk chunk, IReadOnlyList<SmoothChunk> ahead) =>
        ahead.Count == Lookahead || _isOver || _ended > 0 && chunk.Time <= _chunks[_ended - 1].Time;

    // Rounding leaves no tick between two fragments that follow each other. The last of a source is as long while nothing comes as when the next source has
    // come, wherever that begins.
    void CloseLast(long? next)
    {
        if (_chunks is not [.., var last])
        {
            return;
        }

        if (next is null)
        {
            _chunks[^1] = last with { Duration = Math.Max(1, last.Duration - Seam) };
        }
        else if (Math.Abs(last.Time + last.Duration - next.Value) < Hz / 100)
        {
            _chunks[^1] = last with { Duration = next.Value - last.Time };
        }
    }
}
