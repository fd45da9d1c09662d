namespace Tributary.Grains.Recordings;

/// <summary>Which streams are recorded and how ("Recording"); the same on every silo.</summary>
public sealed class RecordingOptions
{
    /// <summary>
    /// Off, Appended or PerSession, by name of the stream; <c>*</c> in a name stands for any letters. The longest name that fits counts; a stream that
    /// fits none is not recorded unless somebody commands it.
    /// </summary>
    public Dictionary<string, RecordingMode> Streams { get; set; } = new(StringComparer.Ordinal);

    /// <summary>A folder for recordings; empty: <c>recordings</c> in the data folder. One on every node, not shared: nodes read each other's over HTTP.</summary>
    public string Folder { get; set; } = "";

    /// <summary>
    /// How long what was written may wait to be flushed to the disk (fsync), media before index; then it is acknowledged. Zero: after each part. A crash of
    /// the process costs nothing of what was written, whatever this is; a power cut costs what was not acknowledged.
    /// </summary>
    public TimeSpan SyncInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After this long a recording goes on in another volume: an event says that the one before is complete.</summary>
    public TimeSpan VolumeDuration { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>A stream that comes back within this time goes on in the entry of its last session.</summary>
    public TimeSpan ReconnectWithin { get; set; } = TimeSpan.FromSeconds(180);

    /// <summary>An appended recording that is longer than this is followed by another entry.</summary>
    public TimeSpan AppendedLength { get; set; } = TimeSpan.FromDays(1);

    /// <summary>An appended recording that is older than this is followed by another entry.</summary>
    public TimeSpan AppendedAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>No entry becomes longer: what comes after is not recorded.</summary>
    public TimeSpan MaxDuration { get; set; } = TimeSpan.FromHours(25);

    /// <summary>Recordings to which nothing was added for this long are deleted, but not before the platform has what it is to be given of them. Zero: never.</summary>
    public TimeSpan Retention { get; set; }

    /// <summary>Bytes of recordings that a node keeps; at the limit nothing more is recorded there. Zero: no limit but the disk.</summary>
    public long MaxBytes { get; set; }

    /// <summary>Where the disk has less free than this, nothing is recorded on it, so that everything else goes on.</summary>
    public long MinFreeBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>After an error of the disk, or while it is full, this long passes before it is tried again.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Threads that write; a recorder waits for its disk on one of them.</summary>
    public int Threads { get; set; } = 2;

    /// <summary>Streams that a node records at the same time.</summary>
    public int MaxRecorders { get; set; } = 500;

    /// <summary>Media of a stream that waits in memory for a slow disk.</summary>
    public long MaxPendingBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>The mode that is configured for a stream.</summary>
    public RecordingMode ModeOf(string stream) => StreamPattern.Find(Streams, stream, RecordingMode.Off);

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(RecordingOptions options) =>
        options.SyncInterval >= TimeSpan.Zero && options.VolumeDuration >= TimeSpan.FromSeconds(1) && options.ReconnectWithin >= TimeSpan.Zero
        && options.AppendedLength > TimeSpan.Zero && options.AppendedAge > TimeSpan.Zero && options.MaxDuration > TimeSpan.Zero
        && options.Retention >= TimeSpan.Zero && options.MaxBytes >= 0 && options.MinFreeBytes >= 0 && options.RetryAfter > TimeSpan.Zero
        && options.Threads is > 0 and <= 64 && options.MaxRecorders > 0 && options.MaxPendingBytes > 0;
}

/// <summary>How far viewers of live streams may go back ("Dvr"); the same on every silo and gateway.</summary>
public sealed class DvrOptions
{
    /// <summary>How far, by name of the stream, as in <c>Recording:Streams</c>: <c>"studio*": "02:00:00"</c>. Zero: no further than memory reaches.</summary>
    public Dictionary<string, TimeSpan> Streams { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Bytes on disk per stream and node; over it the oldest go before their time.</summary>
    public long MaxBytes { get; set; } = 20L * 1024 * 1024 * 1024;

    /// <summary>What is too old goes in pieces of this length.</summary>
    public TimeSpan VolumeDuration { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a gateway looks what is new on disk.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How far viewers of a stream may go back.</summary>
    public TimeSpan WindowOf(string stream) => StreamPattern.Find(Streams, stream, TimeSpan.Zero);

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(DvrOptions options) =>
        options.Streams.Values.All(window => window >= TimeSpan.Zero) && options.MaxBytes > 0 && options.VolumeDuration >= TimeSpan.FromSeconds(1)
        && options.LookEvery > TimeSpan.Zero;
}
