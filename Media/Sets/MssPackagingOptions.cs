namespace Tributary.Media.Sets;

/// <summary>What of Smooth Streaming is configured.</summary>
public sealed record MssPackagingOptions
{
    public string ManifestFileNamePrefix { get; init; } = "manifest";

    public long DuplicateBitrateThreshold { get; init; } = 4096;
}
