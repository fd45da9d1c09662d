namespace Tributary.Protocols.Amf;

/// <summary>How much one AMF message may ask of its reader. What a real encoder sends stays far below.</summary>
public sealed record AmfLimits
{
    public static AmfLimits Default { get; } = new();

    /// <summary>Objects and arrays within each other.</summary>
    public int MaxDepth { get; init; } = 16;

    /// <summary>Values in one message, those within objects and arrays included.</summary>
    public int MaxElements { get; init; } = 2_048;

    /// <summary>Bytes of one string or property name.</summary>
    public int MaxStringBytes { get; init; } = 16 * 1024;
}
