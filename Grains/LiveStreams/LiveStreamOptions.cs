namespace Tributary.Grains.LiveStreams;

/// <summary>How live streams are cut and how long they are waited for ("Live").</summary>
public sealed class LiveStreamOptions
{
    /// <summary>A segment ends at the first key frame after this long.</summary>
    public TimeSpan SegmentDuration { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A part (CMAF chunk) ends at the first frame after this long. PART-TARGET is a fifteenth longer, and no part is longer than that.</summary>
    public TimeSpan PartDuration { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long viewers of a lost source wait before the stream goes off air.</summary>
    public TimeSpan Hold { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>An encoder that has been silent this long gives way when the same stream is published again.</summary>
    public TimeSpan TakeoverAfterSilence { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A source whose host does not report for this long is lost. Hosts report at least every 2 s.</summary>
    public TimeSpan ReportTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A source on air whose host does not report for this long is asked for, where another source could go on; if it does not answer, that one does.
    /// </summary>
    public TimeSpan DoubtAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a host or a gateway has to answer when another source is to go on air.</summary>
    public TimeSpan SettleTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// After the backup took over, the primary goes on air again once it has been well for this long. Zero: the backup stays until it is lost, or
    /// somebody commands it. What was commanded is never given back.
    /// </summary>
    public TimeSpan GiveBackAfter { get; set; }

    /// <summary><see cref="GiveBackAfter"/> for streams that have their own, by name.</summary>
    public Dictionary<string, TimeSpan> GiveBack { get; set; } = new(StringComparer.Ordinal);

    /// <summary>How long a transfer waits for the encoder to publish at its new node.</summary>
    public TimeSpan TransferWait { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Media sequence numbers that are reserved ahead with one write: after a crash of everything numbering goes on at most this far on. So many stay
    /// free, too, where neither the lost source nor a gateway that followed it can be asked: both may go on together.
    /// </summary>
    public int NumbersReserved { get; set; } = 16;

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(LiveStreamOptions options) =>
        options.SegmentDuration > TimeSpan.Zero && options.PartDuration > TimeSpan.Zero && options.PartDuration <= options.SegmentDuration
        && options.Hold > TimeSpan.Zero && options.TakeoverAfterSilence > TimeSpan.Zero && options.ReportTimeout > TimeSpan.Zero
        && options.NumbersReserved >= 4 && options.DoubtAfter > TimeSpan.Zero && options.SettleTimeout > TimeSpan.Zero
        && options.GiveBackAfter >= TimeSpan.Zero && options.TransferWait > TimeSpan.Zero
        && options.GiveBack.Values.All(after => after >= TimeSpan.Zero);
}
