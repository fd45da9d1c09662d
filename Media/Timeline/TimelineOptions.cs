namespace Tributary.Media.Timeline;

/// <summary>What the normaliser takes for an encoder's intention, and what for a mistake ("Ingest:Timeline").</summary>
public sealed class TimelineOptions
{
    /// <summary>A step forward of at most this much, beyond the time that really went by, is a pause of the encoder; more is a jump of its clock.</summary>
    public TimeSpan ForwardTolerance { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A step back of at most this much is a frame out of order; more is a jump of the encoder's clock.</summary>
    public TimeSpan BackwardTolerance { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Audio within this distance of its sample grid is stamped by the grid; the encoder's rounding does not reach players.</summary>
    public TimeSpan AudioTolerance { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A presentation time further than this from its decoding time is not believed.</summary>
    public TimeSpan MaxCompositionOffset { get; set; } = TimeSpan.FromSeconds(10);
}
