using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>
/// Writes one self-contained segment of an MPEG transport stream (ISO/IEC 13818-1, RFC 8216 §3.2): PAT and PMT first, then at most one video and one
/// audio stream. It is a function of its arguments: every gateway writes the same bytes, whichever segments it wrote before.
/// </summary>
/// <remarks>
/// <para>
/// Continuity. RFC 8216 §3 wants counters to go on from segment to segment, and ffmpeg, GStreamer and ExoPlayer drop or report packets where they do not,
/// but a function of one segment does not know how many packets the last one had. So each stream's counter starts at 0 and its last PES packet is
/// spread over up to 15 packets more, which makes the count a multiple of 16: the next segment's 0 is the right next number. That costs 1.4 kB per
/// stream and segment on average. There is one PAT and one PMT per segment, whose counter is the media sequence number.
/// </para>
/// <para>
/// Time. PTS and DTS are those of the stream's timeline plus <see cref="TimestampOffset90k"/>, modulo 2^33. The PCR is
/// <see cref="PcrLead90k"/> behind the DTS: the time a decoder has for its buffer. It stands in each PES packet of the video stream (of the
/// audio stream where there is no video), and in packets of its own where those are more than 100 ms apart.
/// </para>
/// </remarks>
public static class TsSegment
{
    /// <summary>What is added to the stream's timeline, in ticks of 90 kHz: 1.4 s, so that the PCR of a stream that begins at 0 is not negative.</summary>
    public const long TimestampOffset90k = 126_000;

    /// <summary>How far the PCR is behind the DTS of the frame that it stands before, in ticks of 90 kHz: 0.7 s.</summary>
    public const long PcrLead90k = 63_000;

    /// <summary>Writes the segment.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="video">The video track: H.264 or HEVC; null for none.</param>
    /// <param name="audio">The audio track: AAC, MP3, AC-3 or E-AC-3; null for none. <see cref="TsSupport"/> says what can be carried.</param>
    /// <param name="frames">Frames of both, in arrival order, each track's in decoding order; frames of other tracks are left out.</param>
    /// <param name="msn">The segment's media sequence number.</param>
    /// <param name="id3">
    /// A tag at the time of the first frame, in a stream of timed metadata of its own (Apple, "Timed Metadata for HTTP Live Streaming"), where what frames
    /// carry (<see cref="TimedMetadata"/>) follows; empty: there is no such stream.
    /// </param>
    /// <returns>Bytes written: a multiple of 188.</returns>
    public static long Write(IBufferWriter<byte> output, TrackInfo? video, TrackInfo? audio, ReadOnlySpan<Frame> frames, long msn, ReadOnlySpan<byte> id3 = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        var writer = new TsPacketWriter(output);
        new TsProgram(video, audio).Write(ref writer, frames, msn, id3);
        writer.Flush();
        return writer.Length;
    }

    /// <summary>Bytes that <see cref="Write"/> would write: the frames are walked, not copied.</summary>
    public static long Measure(TrackInfo? video, TrackInfo? audio, ReadOnlySpan<Frame> frames)
    {
        var writer = new TsPacketWriter(null);
        new TsProgram(video, audio).Write(ref writer, frames, 0, default);
        return writer.Length;
    }
}
