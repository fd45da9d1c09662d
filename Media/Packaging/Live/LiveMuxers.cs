using Tributary.Media.Containers.Mp4;
using Tributary.Media.Containers.MpegTs;

namespace Tributary.Media.Packaging.Live;

/// <summary>The containers that windows write, the same at every gateway and in every recording.</summary>
public static class LiveMuxers
{
    public static SegmentMuxers All { get; } = new(
        (output, track) => CmafInitSegment.Write(output, track),
        (output, track, frames, endDts, sequence) => CmafChunk.WriteHeader(output, track, sequence, frames, endDts),
        (output, video, audio, frames, msn, id3) => TsSegment.Write(output, video, audio, frames, msn, id3),
        TsSupport.Carries);
}
