namespace Tributary.Media.Containers.Mp4;

/// <summary>Search in the first frames of runs.</summary>
static class RunSearch
{
    /// <summary>The last run that starts at or before the frame and is not empty. The last element is the end of all runs, and behind the frame.</summary>
    public static int Find(ReadOnlySpan<int> firstFrames, int frame)
    {
        var (low, high) = (0, firstFrames.Length - 1);
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            (low, high) = firstFrames[middle] <= frame ? (middle, high) : (low, middle);
        }

        return low;
    }
}
