using Tributary.Media.Containers.Mp4;

namespace Tributary.Fuzz.Targets;

/// <summary>Whole MP4 files: whatever opens has frames that agree with themselves, and takes memory by its own size.</summary>
[FuzzTarget("mp4-file")]
static class Mp4FileTarget
{
    const int PerTrack = 8_192;
    const int MaxFrames = 1_000;   // of fragments, which can say "a milliard frames of no bytes" in four bytes

    static readonly Mp4ReadOptions Options = new() { MaxFragmentedFrames = MaxFrames };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var reading = Mp4File.OpenAsync(new MemorySource(input.ToArray()), Options, default).AsTask();
        Holds.That(reading.IsCompletedSuccessfully, "Reading waited, or threw.");
        SourceTracks.Check(reading.Result, 16L * input.Length + (PerTrack + 64L * MaxFrames) * (1 + input.Length / 8));
    }
}
