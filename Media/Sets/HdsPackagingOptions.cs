namespace Tributary.Media.Sets;

/// <summary>What of HDS is configured.</summary>
public sealed record HdsPackagingOptions
{
    public bool AbsoluteManifestUrls { get; init; } = true;

    public string ManifestFileNamePrefix { get; init; } = "manifest";

    public string FragmentFileNamePrefix { get; init; } = "frag";

    /// <summary><c>hds_generate_moof_atom</c>: a moof box before the mdat box.</summary>
    public bool GenerateMoof { get; init; } = true;
}
