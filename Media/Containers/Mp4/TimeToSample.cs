using System.Diagnostics.CodeAnalysis;

namespace Tributary.Media.Containers.Mp4;

/// <summary>When frames are decoded: stts (ISO/IEC 14496-12 §8.6.1.2), runs of equal durations, with the frame and the time at which each run starts.</summary>
sealed class TimeToSample
{
    const int Row = 8;
    const long LongestTrack = long.MaxValue / 4;

    readonly int[] _firstFrame;
    readonly long[] _firstTime;

    TimeToSample(int[] firstFrame, long[] firstTime, int min) => (_firstFrame, _firstTime, MinDuration) = (firstFrame, firstTime, min);

    public int FrameCount => _firstFrame[^1];

    public long Duration => _firstTime[^1];

    /// <summary>The least duration above 0; 0 where there is none.</summary>
    public int MinDuration { get; }

    public int Runs => _firstFrame.Length - 1;

    public long MemoryBytes => 12L * _firstFrame.Length;

    public static bool TryRead(ReadOnlyMemory<byte> box, [NotNullWhen(true)] out TimeToSample? times)
    {
        times = null;
        if (!BigEndianTable.TryRead(box, 4, Row, out var table))
        {
            return false;
        }

        var (firstFrame, firstTime, min) = (new int[table.Count + 1], new long[table.Count + 1], int.MaxValue);
        for (var i = 0; i < table.Count; i++)
        {
            var (count, duration) = (table.U32(i), table.U32(i, 4));
            var frames = firstFrame[i] + (long)count;
            var time = firstTime[i] + (double)count * duration;
            if (frames > int.MaxValue || duration > int.MaxValue || time > LongestTrack)
            {
                return false;
            }

            (firstFrame[i + 1], firstTime[i + 1]) = ((int)frames, firstTime[i] + (long)count * duration);
            min = count > 0 && duration > 0 ? Math.Min(min, (int)duration) : min;
        }

        times = new TimeToSample(firstFrame, firstTime, min == int.MaxValue ? 0 : min);
        return true;
    }

    /// <summary>Number of the run that has the frame; the frame exists.</summary>
    public int RunOf(int frame) => RunSearch.Find(_firstFrame, frame);

    /// <summary>The frame behind a run's last.</summary>
    public int EndOf(int run) => _firstFrame[run + 1];

    public int DurationIn(int run)
    {
        var frames = _firstFrame[run + 1] - _firstFrame[run];
        return frames == 0 ? 0 : (int)((_firstTime[run + 1] - _firstTime[run]) / frames);
    }

    public long TimeOf(int frame)
    {
        if (frame >= FrameCount)
        {
            return Duration;
        }

        var run = RunOf(frame);
        return _firstTime[run] + (long)(frame - _firstFrame[run]) * DurationIn(run);
    }

    /// <summary>The first frame that is decoded at or after a time.</summary>
    public int FindFrame(long time)
    {
        var (low, high) = (0, _firstTime.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _firstTime[middle] < time ? (middle + 1, high) : (low, middle);
        }

        // Run low is the first that starts at or after the time: the frame is in the run before, or starts this one.
        return low == 0 ? 0
            : low == _firstTime.Length ? FrameCount
            : _firstFrame[low - 1] + (int)((time - _firstTime[low - 1] + DurationIn(low - 1) - 1) / DurationIn(low - 1));
    }
}
