using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Fuzz.Targets;

/// <summary>Any bytes as the start of a connection: the answer has one length, comes once, and only for RTMP.</summary>
[FuzzTarget("rtmp-handshake")]
static class RtmpHandshakeTarget
{
    const int Packet = 1536;

    static readonly FramePool Pool = new(slabSize: 4_096) { Poison = true };

    public static void Run(ReadOnlySpan<byte> input)
    {
        using var arena = new FrameArena(Pool);
        var output = new ArrayBufferWriter<byte>(4096);
        using var session = new RtmpSession(output, arena, RtmpLimits.Default, new Random(1));
        var bytes = input[..Math.Min(input.Length, 1 + 2 * Packet)].ToArray();
        var half = new ReadOnlySequence<byte>(bytes, 0, bytes.Length / 2);
        session.TryRead(ref half, out _);
        byte[] rest = [.. half.ToArray(), .. bytes[(bytes.Length / 2)..]];
        var buffer = new ReadOnlySequence<byte>(rest);
        session.TryRead(ref buffer, out _);

        var speaksRtmp = bytes.Length == 0 || bytes[0] == 3;
        Holds.That((session.End == RtmpEnd.NotRtmp) != speaksRtmp, "The first byte decides whether it is RTMP.");
        var answered = speaksRtmp && bytes.Length >= 1 + Packet;
        Holds.That(output.WrittenCount == (answered ? 1 + 2 * Packet : 0), "The answer comes whole, and once C1 is whole.");
        Holds.That(session.HandshakeDone == (speaksRtmp && bytes.Length == 1 + 2 * Packet), "The handshake is done when C2 is whole.");
        Holds.That(
            !answered || session.HandshakeSigned || output.WrittenSpan[(1 + Packet)..].SequenceEqual(bytes.AsSpan(1, Packet)),
            "A plain S2 is C1.");
    }
}
