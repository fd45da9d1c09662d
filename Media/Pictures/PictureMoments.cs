namespace Tributary.Media.Pictures;

/// <summary>Of which moments of a clip pictures are wanted: of one, or of the beginnings of slices of equal length, one or all of them beside each other.</summary>
/// <param name="Seconds">One moment, in seconds from the beginning; null: by slices.</param>
/// <param name="Slices">How many slices; 0: none, and where no moment is given either it is <see cref="DefaultSeconds"/>.</param>
/// <param name="Slice">Which slice, from 0; null: all.</param>
/// <param name="Start">Where the first slice begins, in seconds.</param>
/// <param name="End">Where the last one ends; 0: with the clip.</param>
public readonly record struct PictureMoments(double? Seconds = null, int Slices = 0, int? Slice = null, double Start = 0, double End = 0)
{
    /// <summary>Where nothing is said: what comes first is often black.</summary>
    public const double DefaultSeconds = 3;

    /// <summary>The moments of a clip of that many seconds, at most <paramref name="most"/>, ascending.</summary>
    public double[] Of(double duration, int most)
    {
        if (Slices <= 0 || Seconds is not null)
        {
            return [Math.Min(Seconds ?? DefaultSeconds, duration)];
        }

        var (start, end) = (Math.Min(Start, duration), End > Start ? Math.Min(End, duration) : duration);
        var (slice, slices) = ((end - start) / Slices, Slices);
        return Slice is { } one ? [start + slice * Math.Min(one, slices - 1)] : [.. Enumerable.Range(0, Math.Min(slices, most)).Select(at => start + slice * at)];
    }
}

/// <summary>A key frame, and what its decoder has to know.</summary>
public readonly record struct KeyFrame(Frames.TrackInfo Track, byte[] Bytes);
