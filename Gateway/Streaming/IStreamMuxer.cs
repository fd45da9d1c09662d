using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>Writes frames in one format, once for all viewers of a stream. One thread at a time.</summary>
interface IStreamMuxer
{
    bool Carries(TrackInfo track);

    /// <summary>What viewers are told from now on; written before the next frame.</summary>
    void Announce(Announcement announcement);

    /// <summary>The configuration of a track that changed while viewers watch; empty where the format has none of its own.</summary>
    (FrameData Bytes, int BodyLength) Configure(TrackKind kind, ReadOnlySpan<byte> configuration, long time, long step, FrameArena arena);

    /// <summary>
    /// A frame at <paramref name="time"/> ms, <paramref name="step"/> ms after the one before of its kind; the reference is the caller's. Viewers
    /// may begin with it where <paramref name="joins"/>.
    /// </summary>
    (FrameData Bytes, int BodyLength) Write(in Frame frame, long time, long step, bool joins, FrameArena arena);
}
