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

    public SmoothTimeline(WindowView view, TrackView leading)
    {
        _isOver = view.Pause is not null;
        long run = -1;
        for (var msn = leading.First; msn < leading.End; msn++)
        {
            if (view.Share(leading, msn) is { IsGap: false } share && view.Segment(msn)?.Mark is { } mark)
            {
                // What a source ended with was listed while nothing came.
                _ended = mark.StartsDiscontinuity ? _chunks.Count : _ended;
                var (dts, timescale) = (share.Parts[0].Frames[0].Dts, share.Timescale);
                var time = MediaTime.Rescale(dts, timescale, Hz);
                CloseLast(mark.DiscontinuitySequence == run ? time : null);
                _chunks.Add(new SmoothChunk(msn, time, MediaTime.Rescale(dts + share.Duration, timescale, Hz) - time));
                run = mark.DiscontinuitySequence;
            }
        }

        NoteOpen(view, leading);
        if (_isOver || _ended == _chunks.Count)
        {
            CloseLast(null);
        }
    }

    // Also while the first fragment of the source that comes after it is still being cut.
    void NoteOpen(WindowView view, TrackView leading) => _ended = view.Segment(leading.End)?.Mark?.StartsDiscontinuity == true ? _chunks.Count : _ended;

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
