using Tributary.Media.Containers.Mp4;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>The containers that live windows write.</summary>
static class Muxers
{
    public static SegmentMuxers All { get; } = new(
        (output, track) => CmafInitSegment.Write(output, track),
        (output, track, frames, endDts, sequence) => CmafChunk.WriteHeader(output, track, sequence, frames, endDts),
        (output, video, audio, frames, msn) => TsSegment.Write(output, video, audio, frames, msn),
        TsSupport.Carries);
}
