namespace Tributary.Media.Frames;

/// <summary>Where a protocol's ToFrames puts what it read. Implemented by the publish session and by the tests' recorder.</summary>
public interface IFrameSink
{
    /// <summary>
    /// One frame, with timestamps as the wire gave them. <paramref name="frame"/>'s ticks are those of <paramref name="clock"/>, not yet unwrapped;
    /// the callee owns the frame's reference from here on.
    /// </summary>
    void OnFrame(in Frame frame, SourceClock clock);

    /// <summary>What the encoder says about itself (onMetaData and the like): for people, never for the muxers.</summary>
    void OnMetadata(IReadOnlyDictionary<string, string> values);

    /// <summary>What the encoder says to its viewers at a time of its stream.</summary>
    /// <param name="text">A JSON text in ASCII.</param>
    /// <param name="timestamp">When, in ticks of <paramref name="clock"/> as the wire gave them.</param>
    /// <param name="clock">The clock of the timestamp.</param>
    void OnTimedMetadata(string text, long timestamp, SourceClock clock);
}

/// <summary>How a protocol counts time: ticks per second, and after how many bits it wraps (RTMP: 1,000 Hz and 32 bits).</summary>
public readonly record struct SourceClock(int Hz, int WrapBits)
{
    /// <summary>RTMP message timestamps: milliseconds in 32 bits (Adobe's RTMP specification §5.3.1).</summary>
    public static SourceClock Rtmp => new(1_000, 32);
}
