using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>Audio frames that share a PES packet, so that its header and the stuffing of its last transport packet are not spent on each frame.</summary>
/// <param name="First">Index of the first frame.</param>
/// <param name="Count">Frames.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Start90k">PTS of the first frame, the only one that is written.</param>
readonly record struct AudioGroup(int First, int Count, int Length, long Start90k)
{
    const long MaxDuration = 9_000;   // 100 ms
    const long Tolerance = 180;       // 2 ms: timestamps that a protocol rounded to milliseconds
    const int MaxLength = 60_000;     // PES_packet_length has 16 bits

    /// <summary>Whether the frame may join: it is not too late, not too large, and stands where a decoder that counts samples expects it.</summary>
    public bool Takes(in Frame frame, int size)
    {
        var track = frame.Track;
        var expected = MediaTime.Rescale((long)Count * track.SamplesPerFrame, track.SampleRate, MediaTime.Hz90k);
        var step = expected / Count;
        var elapsed = frame.Pts90k - Start90k;
        return Math.Abs(elapsed - expected) <= Tolerance && elapsed + step <= MaxDuration && Length + size <= MaxLength;
    }

    public AudioGroup With(in Frame frame, int index, int size) =>
        Count == 0 ? new AudioGroup(index, 1, size, frame.Pts90k) : this with { Count = Count + 1, Length = Length + size };
}
