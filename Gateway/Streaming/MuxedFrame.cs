using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>One frame, or one track's configuration, in the format of a <see cref="MuxedStream"/>: bytes that all its viewers share.</summary>
/// <param name="Bytes">The bytes; their memory is pinned, and the stream holds the reference.</param>
/// <param name="Kind">Whose it is.</param>
/// <param name="Time">Decoding time in ms, from where the stream began here.</param>
/// <param name="Previous">Number of the one before of the same kind; -1 for the first.</param>
/// <param name="BodyLength">Bytes of the message or tag within <paramref name="Bytes"/>, where the format has such.</param>
/// <param name="Joins">Whether a viewer can begin here.</param>
readonly record struct MuxedFrame(FrameData Bytes, TrackKind Kind, long Time, long Previous, int BodyLength, bool Joins);

/// <summary>What a viewer is told before its first frame: the tracks, as bodies of FLV tags and RTMP messages. Immutable.</summary>
sealed record Announcement(TrackInfo? Video, TrackInfo? Audio, byte[] Metadata, byte[] VideoConfiguration, byte[] AudioConfiguration)
{
    public static Announcement None { get; } = new(null, null, [], [], []);
}
