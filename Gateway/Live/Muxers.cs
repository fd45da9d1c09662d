using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>The containers that live windows write.</summary>
static class Muxers
{
    public static SegmentMuxers All => LiveMuxers.All;
}
