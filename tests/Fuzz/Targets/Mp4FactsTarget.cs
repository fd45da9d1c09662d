using Tributary.Grains.Platform.Content;

namespace Tributary.Fuzz.Targets;

/// <summary>Movie boxes and heads of pictures that somebody uploaded: facts or none.</summary>
[FuzzTarget("content-facts")]
static class Mp4FactsTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (Mp4Facts.TryRead(input, out var facts))
        {
            Holds.That(facts.Seconds is > 0 and < 1e7 && facts is { Width: >= 0, Height: >= 0 }, "A film has facts that no film has.");
        }

        Holds.That(PictureFacts.Of(input, out _, out _) is "jpg" or "png", "A picture is of no known kind.");
    }
}
