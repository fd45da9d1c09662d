using Tributary.Media.Frames;

namespace Tributary.Grains.Frames;

/// <summary>What happened to the source of a stream, told in order with its frames.</summary>
public enum StreamSignal : byte
{
    None,

    /// <summary>The source is lost or changes: every open segment is complete with what it has. Frames go on when a source is back.</summary>
    SourceLost,

    /// <summary>The stream went off air: no more frames belong to what was sent so far.</summary>
    OffAir,

    /// <summary>Another source goes on from here: it says what becomes of the open segment. The grain knows where its frames are.</summary>
    SourceChanged,
}

/// <summary>
/// What the "frames" stream carries: frames in the order in which they were marked, the same for every subscriber, then perhaps a signal.
/// The memory is the sender's: a subscriber that keeps a frame beyond the call retains it.
/// </summary>
/// <param name="Frames">Frames in the order in which they were marked.</param>
/// <param name="Signal">What happened to their source after them.</param>
/// <param name="Epoch">Epoch of the source that signals: one that was replaced is not heard. Links, which keep the order, leave it out.</param>
public readonly record struct FrameBatch(ReadOnlyMemory<MarkedFrame> Frames, StreamSignal Signal = StreamSignal.None, long Epoch = long.MaxValue);
