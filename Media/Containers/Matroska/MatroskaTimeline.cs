using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Matroska;

/// <summary>
/// Gives frames exact times. Matroska keeps when a frame is presented, mostly rounded to milliseconds: 1. times near a grid of frames (DefaultDuration,
/// or the samples of a frame of sound) are put on it, 2. decoding times are the same times in order, as late as no frame is decoded after it is shown.
/// </summary>
static class MatroskaTimeline
{
    const long Second = 1_000_000_000;

    /// <summary>The frames as an index, and how long before its presentation the first one is decoded, in ticks.</summary>
    /// <param name="blocks">The track's frames; at least one.</param>
    /// <param name="timescale">Ticks per second of the result.</param>
    /// <param name="frame">Length of each frame as a fraction of a second; (0, 1) where frames differ.</param>
    /// <param name="precision">Nanoseconds to which times are rounded.</param>
    public static (FrameIndex Index, long Delay) Build(TrackBlocks blocks, int timescale, (long Length, long PerSecond) frame, long precision)
    {
        var shown = OnGrid(blocks.Frames, timescale, frame, precision);
        var decoded = shown.ToArray();
        Array.Sort(decoded);
        var delay = 0L;
        for (var i = 0; i < shown.Length; i++)
        {
            delay = Math.Max(delay, decoded[i] - shown[i]);
        }

        var index = new FrameIndexBuilder(shown.Length);
        var keysAreMarked = false;
        for (var i = 0; i < shown.Length; i++)
        {
            var block = blocks.Frames[i];
            var duration = i + 1 < shown.Length ? decoded[i + 1] - decoded[i] : LastDuration(blocks, timescale, frame, decoded);
            var composition = (int)Math.Clamp(shown[i] - decoded[i] + delay, 0, int.MaxValue);
            index.TryAdd(block.Offset, block.Size, decoded[i], (int)Math.Clamp(duration, 0, int.MaxValue), composition, block.IsKey);
            keysAreMarked |= !block.IsKey;
        }

        return (index.Build(keysAreMarked), delay);
    }

    static long[] OnGrid(List<BlockFrame> frames, int timescale, (long Length, long PerSecond) frame, long precision)
    {
        var times = new long[frames.Count];
        var (origin, number) = (frames[0].Time, 0L);   // of the grid, and the place in it of the frame before
        for (var i = 0; i < times.Length; i++)
        {
            var time = frames[i].Time;
            if (frame.Length > 0)
            {
                number = frames[i].IsLaced ? number + 1 : (long)Math.Round((double)(time - origin) * frame.PerSecond / frame.Length / Second);
                var onGrid = origin + (long)((Int128)number * frame.Length * Second / frame.PerSecond);
                if (!frames[i].IsLaced && Math.Abs(onGrid - time) > precision)
                {
                    (origin, number, onGrid) = (time, 0, time);
                }

                times[i] = frame.PerSecond == timescale
                    ? MediaTime.RescaleNearest(origin, (int)Second, timescale) + number * frame.Length
                    : MediaTime.RescaleNearest(onGrid, (int)Second, timescale);
                continue;
            }

            times[i] = MediaTime.RescaleNearest(time, (int)Second, timescale);
        }

        return times;
    }

    static long LastDuration(TrackBlocks blocks, int timescale, (long Length, long PerSecond) frame, long[] decoded) =>
        blocks.LastDuration > 0 ? MediaTime.RescaleNearest(blocks.LastDuration, (int)Second, timescale)
        : frame.Length > 0 ? (frame.Length * timescale + frame.PerSecond / 2) / frame.PerSecond
        : decoded.Length > 1 ? decoded[^1] - decoded[^2]
        : 0;
}
