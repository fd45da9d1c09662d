namespace Tributary.Media.Packaging.Vod;

/// <summary>What a location makes of media: the directive <c>vod</c>.</summary>
public enum VodPackaging
{
    /// <summary>The file as it is, or clipped.</summary>
    None,
    Dash,
    Hds,
    Hls,
    Mss,
    Thumb,
    VolumeMap,
}
