using Tributary.Media.Containers.Matroska;

namespace Tributary.Fuzz.Targets;

/// <summary>Matroska files: whatever opens has frames that agree with themselves, and takes memory by its own size.</summary>
[FuzzTarget("matroska")]
static class MatroskaTarget
{
    const int PerTrack = 8_192;

    public static void Run(ReadOnlySpan<byte> input)
    {
        var reading = MatroskaFile.OpenAsync(new MemorySource(input.ToArray()), MatroskaReadOptions.Default, default).AsTask();
        Holds.That(reading.IsCompletedSuccessfully, "Reading waited, or threw.");
        SourceTracks.Check(reading.Result, 256L * input.Length + PerTrack * (1 + input.Length / 8));
    }
}
