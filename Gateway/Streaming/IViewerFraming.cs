using System.Buffers;

namespace Tributary.Gateway.Streaming;

/// <summary>How the shared bytes of a format become those of one viewer: what goes before the first frame, and what replaces the head of each.</summary>
interface IViewerFraming
{
    /// <summary>The most bytes that <see cref="WriteHead"/> writes.</summary>
    int LongestHead { get; }

    /// <summary>
    /// What is sent before the first frame, or before the first one after some were dropped: response head, file header, configurations.
    /// <paramref name="time"/> is the viewer's clock in ms.
    /// </summary>
    void Begin(IBufferWriter<byte> output, Announcement announcement, ref ViewerPosition position, uint time);

    /// <summary>
    /// Writes the viewer's own head of a frame, and says how many of the shared bytes it replaces. <paramref name="lastTime"/> is when the viewer's
    /// last frame of the kind was, -1 for none; <paramref name="continues"/>, whether that is the one before this.
    /// </summary>
    int WriteHead(in MuxedFrame frame, long time, long lastTime, bool continues, Span<byte> head, out int replaced);

    /// <summary>What is sent behind the last frame to a viewer that this side ends; <paramref name="time"/> is that of its last picture, on its clock in ms.</summary>
    void End(IBufferWriter<byte> output, Announcement announcement, ViewerEnd reason, uint time);
}
