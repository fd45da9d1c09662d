namespace Tributary.Media.Frames;

/// <summary>
/// One track in one configuration: immutable, shared by every frame that was coded with it. A change of codec, of size or of decoder
/// configuration is a new <see cref="TrackInfo"/> with the same <see cref="Id"/>, so a frame always carries what is needed to read it.
/// </summary>
public sealed record TrackInfo
{
    /// <summary>Number within the stream, from 1; also the track_ID of ISO/IEC 14496-12. Stable over reconnects of the publisher.</summary>
    public required int Id { get; init; }

    public required Codec Codec { get; init; }

    public TrackKind Kind => Codec.Kind();

    /// <summary>Ticks per second of this track's timestamps after normalisation: 90,000 for video, the sample rate for audio.</summary>
    public required int Timescale { get; init; }

    /// <summary>
    /// The decoder configuration as ISO/IEC 14496-15 and its siblings keep it in the sample entry, without the box header: avcC, hvcC, av1C and
    /// vpcC bodies, the AudioSpecificConfig of AAC, dOps, dac3, dec3 and ddts bodies, the STREAMINFO block of FLAC, the three headers of Vorbis in Xiph lacing; empty for MP3.
    /// </summary>
    public ReadOnlyMemory<byte> DecoderConfig { get; init; }

    /// <summary>The codec as RFC 6381 names it, for example <c>avc1.64001f</c> or <c>mp4a.40.2</c>.</summary>
    public string CodecString { get; init; } = "";

    /// <summary>Picture width in luma samples, as displayed; 0 where unknown or not video.</summary>
    public int Width { get; init; }

    /// <summary>Picture height in luma samples, as displayed; 0 where unknown or not video.</summary>
    public int Height { get; init; }

    /// <summary>Frames per second times 1,000, as the encoder declared it; 0 where it did not.</summary>
    public int MilliFramesPerSecond { get; init; }

    /// <summary>Samples per second of audio, after SBR where the configuration says so; 0 for video.</summary>
    public int SampleRate { get; init; }

    /// <summary>Audio channels; 0 for video.</summary>
    public int Channels { get; init; }

    /// <summary>Audio samples that each frame decodes to (1,024 for AAC-LC); 0 where frames differ in length.</summary>
    public int SamplesPerFrame { get; init; }

    /// <summary>Language as RFC 5646 writes it; empty where the encoder did not say.</summary>
    public string Language { get; init; } = "";

    /// <summary>Bits per second as the encoder declared them; 0 where it did not.</summary>
    public int DeclaredBitrate { get; init; }

    /// <summary>Whether a decoder set up for <paramref name="other"/> can go on with this track (same codec and same configuration bytes).</summary>
    public bool IsSameConfiguration(TrackInfo other) =>
        Codec == other.Codec && Timescale == other.Timescale && DecoderConfig.Span.SequenceEqual(other.DecoderConfig.Span);
}
