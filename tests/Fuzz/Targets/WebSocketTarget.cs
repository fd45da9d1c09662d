using System.Buffers;
using Tributary.Protocols.WebSockets;

namespace Tributary.Fuzz.Targets;

/// <summary>Frames of a client, whole and in two reads: the same frames, control frames short, nothing kept.</summary>
[FuzzTarget("websocket")]
static class WebSocketTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        Holds.That(Read(bytes, bytes.Length) == Read(bytes, bytes.Length / 2), "How the bytes were cut changed what was read.");
    }

    static (int Frames, int Control, long Sum, bool Malformed) Read(byte[] bytes, int cut)
    {
        var frames = new WebSocketFrames();
        var (count, control, sum) = (0, 0, 0L);
        byte[] unread = [];
        foreach (var part in (byte[][])[bytes[..cut], bytes[cut..]])
        {
            var buffer = new ReadOnlySequence<byte>([.. unread, .. part]);
            while (frames.TryRead(ref buffer, out var frame))
            {
                Holds.That(frame.Payload.Length <= 125, "A control frame is longer than 125 bytes.");
                count++;
                control += frame.Opcode >= WebSocketOpcode.Close ? 1 : 0;
                foreach (var value in frame.Payload)
                {
                    sum = sum * 31 + value;
                }
            }

            unread = buffer.ToArray();
        }

        Holds.That(unread.Length < 14 + 125 || frames.Malformed, "Bytes were left although they could have been taken.");
        return (count, control, sum, frames.Malformed);
    }
}
