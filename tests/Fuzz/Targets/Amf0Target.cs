using System.Buffers;
using Tributary.Protocols.Amf;

namespace Tributary.Fuzz.Targets;

/// <summary>AMF 0, with AMF 3 inside: what was read can be written, and then reads as the same.</summary>
[FuzzTarget("amf0")]
static class Amf0Target
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new Amf0Reader(input);
        var values = 0;
        while (reader.TryRead(out var value))
        {
            Holds.That(++values <= AmfLimits.Default.MaxElements, "More values than the limit allows.");
            Holds.That(Depth(value) <= AmfLimits.Default.MaxDepth + 1, "Deeper than the limit allows.");

            var once = Write(value);
            var again = new Amf0Reader(once, AmfLimits.Default with { MaxStringBytes = 1 << 20 });
            Holds.That(again.TryRead(out var second) && again.AtEnd, "What was written cannot be read.");
            Holds.That(Write(second).AsSpan().SequenceEqual(once), "What was written reads as something else.");
        }

        Holds.That(!reader.TryRead(out _), "The reader went on after it had failed.");
    }

    static byte[] Write(AmfValue value)
    {
        var output = new ArrayBufferWriter<byte>();
        new Amf0Writer(output).Value(value);
        return output.WrittenSpan.ToArray();
    }

    static int Depth(AmfValue value) =>
        1 + value.Properties.Select(static p => Depth(p.Value)).Concat(value.Elements.Select(Depth)).DefaultIfEmpty(0).Max();
}
