namespace Tributary.Media.Frames;

[Flags]
public enum FrameFlags : byte
{
    None = 0,

    /// <summary>Decoding can start here: a stream access point of type 1 or 2 (ISO/IEC 14496-12 Annex I). Every audio frame is one.</summary>
    Key = 1,

    /// <summary>No other frame refers to this one (sample_is_depended_on = 2).</summary>
    Disposable = 2,
}

/// <summary>
/// One coded picture or audio frame. H.264 and HEVC are length-prefixed NAL units as ISO/IEC 14496-15 stores them, AV1 a temporal unit in the
/// low-overhead format, AAC raw frames without ADTS: what fMP4 carries, so that nothing is rewritten on the way.
/// </summary>
/// <param name="Track">The track, in the configuration with which this frame was coded.</param>
/// <param name="Data">The coded bytes.</param>
/// <param name="Dts">Decoding time in ticks of <see cref="TrackInfo.Timescale"/>.</param>
/// <param name="CompositionOffset">Presentation time minus decoding time, in the same ticks.</param>
/// <param name="Duration">Ticks to the next frame of the track where known, else 0.</param>
/// <param name="Flags">What a decoder may do at this frame.</param>
public readonly record struct Frame(
    TrackInfo Track, FrameData Data, long Dts, int CompositionOffset, int Duration, FrameFlags Flags)
{
    public long Pts => Dts + CompositionOffset;

    /// <summary>What the source says with it; null: nothing, as with nearly every frame.</summary>
    public TimedMetadata[]? Metadata { get; init; }

    public bool IsKey => (Flags & FrameFlags.Key) != 0;

    /// <summary>Presentation time in ticks of 90 kHz: the clock in which tracks are compared.</summary>
    public long Pts90k => MediaTime.Rescale(Pts, Track.Timescale, MediaTime.Hz90k);

    /// <summary>Decoding time in ticks of 90 kHz.</summary>
    public long Dts90k => MediaTime.Rescale(Dts, Track.Timescale, MediaTime.Hz90k);
}
