using Tributary.Gateway.ApiV3;
using Tributary.Grains.Platform.Model;

namespace Tributary.Fuzz.Targets;

/// <summary>Bodies in JSON: read within their limits or not at all; and references in them are resolved without end or error.</summary>
[FuzzTarget("json-tree")]
static class JsonTreeTarget
{
    const int MaxValues = 200;

    static readonly List<object?> Results =
    [
        new PlatformObject("X") { { "id", "0_a" }, { "_own", "hidden" }, { "objects", new List<object?> { new PlatformObject("Y") { { "id", 5L }, { "_own", "hidden" } } } } }, "text", null,
    ];

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (!JsonTree.TryRead(input, MaxValues, out var map))
        {
            return;
        }

        Holds.That(Count(map, 0) <= MaxValues, "A body holds more values than it may.");
        Holds.That(!Texts(BackReferences.Resolve(map, Results)).Except(Texts(map)).Any(text => text.Contains("hidden", StringComparison.Ordinal)), "A reference shows what is never shown.");
    }

    static int Count(object? value, int depth)
    {
        Holds.That(depth <= JsonTree.MaxDepth, "A body is deeper than it may be.");
        return value switch
        {
            RawMap map => map.Values.Sum(child => 1 + Count(child, depth + 1)),
            List<object?> list => list.Sum(child => 1 + Count(child, depth + 1)),
            _ => 0,
        };
    }

    static IEnumerable<string> Texts(object? value) => value switch
    {
        RawMap map => map.Values.SelectMany(Texts),
        List<object?> list => list.SelectMany(Texts),
        string text => [text],
        _ => [],
    };
}
