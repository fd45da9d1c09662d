using System.Collections.Frozen;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Vod;

/// <summary>What each packager carries: what its specification, or its players, know.</summary>
static class PackagedCodecs
{
    static readonly FrozenSet<Codec> Hls = FrozenSet.Create(
        Codec.H264, Codec.Hevc, Codec.Av1, Codec.Aac, Codec.Mp3, Codec.Ac3, Codec.Eac3, Codec.Flac, Codec.Dts);

    static readonly FrozenSet<Codec> Dash = FrozenSet.Create(
        Codec.H264, Codec.Hevc, Codec.Av1, Codec.Vp8, Codec.Vp9, Codec.Aac, Codec.Ac3, Codec.Eac3, Codec.Opus, Codec.Vorbis, Codec.Flac);

    static readonly FrozenSet<Codec> Old = FrozenSet.Create(Codec.H264, Codec.Aac, Codec.Mp3);

    internal static IReadOnlySet<Codec> Of(VodRequestKind kind) => kind switch
    {
        >= VodRequestKind.HlsMaster and <= VodRequestKind.HlsCaptionsSegment => Hls,
        >= VodRequestKind.DashManifest and <= VodRequestKind.DashCaptionsFragment => Dash,
        >= VodRequestKind.MssManifest and <= VodRequestKind.HdsFragment => Old,
        _ => FrozenSet.Create(Enum.GetValues<Codec>()),
    };
}
