namespace Tributary.Media.Sets;

/// <summary>How media is encrypted for DRM.</summary>
public sealed record DrmOptions
{
    public bool Enabled { get; init; }

    /// <summary><c>drm_single_key</c>: one key for all sequences.</summary>
    public bool SingleKey { get; init; }

    /// <summary><c>drm_clear_lead_segment_count</c>.</summary>
    public int ClearLeadSegmentCount { get; init; } = 1;

    /// <summary><c>min_single_nalu_per_frame_segment</c>: from this segment (from 1) on, frames have one NAL unit; 0 for "not known".</summary>
    public int MinSingleNaluPerFrameSegment { get; init; }

    /// <summary>Evaluated <c>secret_key</c>, the seed of keys and IVs; empty where there is none.</summary>
    public string SecretKey { get; init; } = "";

    /// <summary>Evaluated <c>encryption_iv_seed</c>; empty where there is none.</summary>
    public string EncryptionIvSeed { get; init; } = "";
}
