using Tributary.Media.Containers.Mp4;

namespace Tributary.Fuzz.Targets;

/// <summary>Boxes within boxes: each lies within its parent, and the walk goes forward.</summary>
[FuzzTarget("mp4-box")]
static class Mp4BoxTarget
{
    const int MaxDepth = 8;

    public static void Run(ReadOnlySpan<byte> input) => Walk(input, 0);

    static void Walk(ReadOnlySpan<byte> data, int depth)
    {
        var boxes = new BoxReader(data);
        var last = -1;
        while (boxes.MoveNext())
        {
            Holds.That(boxes.Start > last, "The walk stood still.");
            Holds.That(boxes.Start + 8 + boxes.Payload.Length <= data.Length, "A box is larger than its parent.");
            last = boxes.Start;
            if (depth < MaxDepth)
            {
                Walk(boxes.Payload, depth + 1);
            }
        }

        Holds.That(!boxes.MoveNext(), "The walk went on after its end.");
    }
}
