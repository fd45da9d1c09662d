using Tributary.Grains.KLive.Remote;

namespace Tributary.Fuzz.Targets;

/// <summary>What another cluster's platform answers: a value, an error, or no answer; never an exception, whatever a server says.</summary>
[FuzzTarget("platform-answer")]
static class PlatformAnswerTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (PlatformWire.TryRead(input, out var result, out var error))
        {
            Holds.That(error is null || result is null, "An answer is an error and none.");
        }
        else
        {
            Holds.That(error is null && result is null, "What is no answer has a value.");
        }
    }
}
