using Tributary.Media.Containers.Mp4;

namespace Tributary.Fuzz.Targets;

/// <summary>Samples of a movie fragment: as many as its bytes can say, none with a negative size.</summary>
[FuzzTarget("movie-fragment")]
static class MovieFragmentTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var samples = new List<MovieSample>();
        if (MovieFragment.TryRead(input, samples, out var dts))
        {
            Holds.That(dts >= 0, "A fragment begins before time does.");
        }

        Holds.That(samples.TrueForAll(static sample => sample.Size >= 0), "A sample is smaller than nothing.");
        Holds.That(samples.Count <= 65_536, "A fragment has more samples than it can say.");
    }
}
