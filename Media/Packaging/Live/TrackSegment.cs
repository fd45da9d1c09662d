using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>One track's share of one segment, complete and immutable; without parts it is a gap (RFC 8216bis §4.4.4.7).</summary>
public sealed class TrackSegment
{
    internal TrackSegment(InitSegment? init, TrackPart[] parts, long duration, int timescale)
    {
        (Init, Parts, Duration, Timescale) = (init, parts, duration, timescale);
        foreach (var part in parts)
        {
            Length += part.Length;
            PayloadLength += part.PayloadLength;
            FrameCount += part.Frames.Length;
        }
    }

    /// <summary>What a player needs before the segment; null for a gap.</summary>
    public InitSegment? Init { get; }

    public TrackPart[] Parts { get; }

    /// <summary>In ticks of <see cref="Timescale"/>.</summary>
    public long Duration { get; }

    public int Timescale { get; }

    /// <summary>Bytes of the CMAF form.</summary>
    public long Length { get; }

    /// <summary>Bytes of the frames alone.</summary>
    public long PayloadLength { get; }

    public int FrameCount { get; }

    public bool IsGap => Parts.Length == 0;

    public bool StartsWithKey => !IsGap && Parts[0].StartsWithKey;

    public long Duration90k => MediaTime.RescaleNearest(Duration, Timescale, MediaTime.Hz90k);

    /// <summary>Bits per second, rounded up; 0 for a gap.</summary>
    public long Bitrate => IsGap || Duration <= 0 ? 0 : (Length * 8 * Timescale + Duration - 1) / Duration;

    /// <summary>
    /// An upper bound of the bytes of the transport stream form: each frame starts a PES packet of its own (up to 64 bytes of headers,
    /// access unit delimiter and parameter sets aside) and is filled up to whole packets; PAT and PMT once, 15 packets that make the continuity
    /// counters meet the next segment's, and a clock every 100 ms; and as many for timed metadata.
    /// </summary>
    public long TsLengthBound
    {
        get
        {
            long bytes = IsGap ? 0 : (2 + 15 + 16 + Duration90k / 9_000) * 188;
            foreach (var part in Parts)
            {
                foreach (var frame in part.Frames)
                {
                    var headers = 64 + (frame.IsKey && frame.Track.Kind == TrackKind.Video ? frame.Track.DecoderConfig.Length : 0);
                    bytes += (frame.Data.Length + headers + 183) / 184 * 188;
                }
            }

            return bytes;
        }
    }
}
