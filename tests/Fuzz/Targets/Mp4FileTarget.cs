using Tributary.Media.Containers.Mp4;

namespace Tributary.Fuzz.Targets;

/// <summary>Whole MP4 files: whatever opens has frames that agree with themselves, and takes memory by its own size.</summary>
[FuzzTarget("mp4-file")]
static class Mp4FileTarget
{
    const int PerTrack = 8_192;

    public static void Run(ReadOnlySpan<byte> input)
    {
        var reading = Mp4File.OpenAsync(new MemorySource(input.ToArray()), Mp4ReadOptions.Default, default).AsTask();
        Holds.That(reading.IsCompletedSuccessfully, "Reading waited, or threw.");
        SourceTracks.Check(reading.Result, 16L * input.Length + PerTrack * (1 + input.Length / 8));
    }
}
