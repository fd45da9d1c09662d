using Tributary.Media.Sources;

namespace Tributary.Fuzz.Targets;

/// <summary>What a file says of its encrypted frames: decrypting one changes no byte beyond it, and ends.</summary>
[FuzzTarget("frame-protection")]
static class FrameProtectionTarget
{
    const int FrameSize = 200, MostFrames = 50;

    static readonly byte[] Key = new byte[16];

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty || FrameProtection.Read(input[1..].ToArray(), input[0] % 2 == 0 ? 8 : 16) is not { } protection)
        {
            return;
        }

        Holds.That(protection.MemoryBytes <= 2L * input.Length, "More memory than the box is worth.");
        var (decryptor, bytes) = (new FrameDecryptor(protection, Key), new byte[FrameSize + 1]);
        for (var frame = -1; frame < MostFrames; frame++)
        {
            Holds.That(!decryptor.TryDecrypt(frame, bytes.AsSpan(0, FrameSize)) || frame >= 0, "A frame that is not there was decrypted.");
        }

        Holds.That(bytes[FrameSize] == 0, "A byte behind the frame was changed.");
    }
}
