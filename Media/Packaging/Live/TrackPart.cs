using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>
/// One part of one track as a CMAF chunk (ISO/IEC 23000-19 §7.3.2.3): the bytes before the media, made once, and the frames that are the media.
/// A segment is its parts one after another, so a part and its segment have the same bytes.
/// </summary>
/// <param name="Header">What timed metadata there is (<see cref="EventsLength"/>), the moof box and the header of the mdat box.</param>
/// <param name="Frames">The frames whose bytes follow.</param>
/// <param name="PayloadLength">Bytes of the frames.</param>
/// <param name="Duration">In ticks of the track.</param>
public sealed record TrackPart(ReadOnlyMemory<byte> Header, Frame[] Frames, long PayloadLength, long Duration)
{
    public long Length => Header.Length + PayloadLength;

    /// <summary>Bytes of <see cref="Header"/> that are emsg boxes; the chunk itself begins behind them.</summary>
    public int EventsLength { get; init; }

    public bool StartsWithKey => Frames[0].IsKey;

    internal void ReleaseFrames()
    {
        foreach (ref readonly var frame in Frames.AsSpan())
        {
            frame.Data.Release();
        }
    }
}
