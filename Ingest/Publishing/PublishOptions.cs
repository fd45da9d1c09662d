namespace Tributary.Ingest.Publishing;

/// <summary>Who may publish without a key.</summary>
public enum AnonymousPublishing
{
    /// <summary>Encoders on this machine.</summary>
    Loopback,

    Always,

    Never,
}

/// <summary>Who may publish, and how much ("Publish").</summary>
public sealed class PublishOptions
{
    /// <summary>Who may publish a stream that has no key, without giving one.</summary>
    public AnonymousPublishing Anonymous { get; set; } = AnonymousPublishing.Loopback;

    /// <summary>A key that opens every stream; empty: there is none.</summary>
    public string Key { get; set; } = "";

    /// <summary>Keys by stream name. A stream that has one is published with it (or with <see cref="Key"/>) only, also from this machine.</summary>
    public Dictionary<string, string> Keys { get; set; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Names of streams with several renditions; <c>*</c> stands for any letters. Of these <c>NAME_1</c> to <c>NAME_9</c> are renditions of NAME; of others
    /// a number at the end is part of the name.
    /// </summary>
    public string[] Renditions { get; set; } = [];

    /// <summary>Encoders that this node takes at the same time.</summary>
    public int MaxPublishers { get; set; } = 2_000;

    /// <summary>A host tells the stream's grain how its source does at least this often.</summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>When a source counts as lost though it is connected.</summary>
    public FaultOptions Fault { get; set; } = new();

    /// <summary>What a source on standby keeps.</summary>
    public StandbyOptions Standby { get; set; } = new();

    /// <summary>Data messages for viewers that an encoder may send in a second; more are dropped and counted. Zero: all are.</summary>
    public int MaxDataMessages { get; set; } = 50;

    /// <summary>How long a new encoder waits for the answer of its stream's grain.</summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
