namespace Tributary.Media.Frames;

/// <summary>
/// What a source says to its viewers at a time of its stream. It travels with the frame that came next, so it takes that frame's way through rings, links and
/// windows, and a stream without any pays nothing for it.
/// </summary>
/// <param name="Offset90k">When it is meant, counted from the decoding time of its frame in ticks of 90 kHz; negative where it is earlier.</param>
/// <param name="Text">A JSON text in ASCII of at most <see cref="MaxLength"/> letters.</param>
public sealed record TimedMetadata(int Offset90k, string Text)
{
    /// <summary>Letters of one text.</summary>
    public const int MaxLength = 8 * 1_024;

    /// <summary>Texts that one frame carries.</summary>
    public const int MaxPerFrame = 16;
}
