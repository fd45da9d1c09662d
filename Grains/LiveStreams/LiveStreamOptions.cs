namespace Tributary.Grains.LiveStreams;

/// <summary>How live streams are cut and how long they are waited for ("Live").</summary>
public sealed class LiveStreamOptions
{
    /// <summary>A segment ends at the first key frame after this long.</summary>
    public TimeSpan SegmentDuration { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>No part (CMAF chunk) is longer than this.</summary>
    public TimeSpan PartDuration { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long viewers of a lost source wait before the stream goes off air.</summary>
    public TimeSpan Hold { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>An encoder that has been silent this long gives way when the same stream is published again.</summary>
    public TimeSpan TakeoverAfterSilence { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A source whose host does not report for this long is lost. Hosts report at least every 2 s.</summary>
    public TimeSpan ReportTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Media sequence numbers that are reserved ahead with one write: after a crash of everything numbering goes on at most this far on.</summary>
    public int NumbersReserved { get; set; } = 16;

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(LiveStreamOptions options) =>
        options.SegmentDuration > TimeSpan.Zero && options.PartDuration > TimeSpan.Zero && options.PartDuration <= options.SegmentDuration
        && options.Hold > TimeSpan.Zero && options.TakeoverAfterSilence > TimeSpan.Zero && options.ReportTimeout > TimeSpan.Zero
        && options.NumbersReserved >= 4;
}
