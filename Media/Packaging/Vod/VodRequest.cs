using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>What a file name of a packager's URL asks for.</summary>
public enum VodRequestKind
{
    HlsMaster,
    HlsIndex,
    HlsIFrames,
    HlsTsSegment,
    HlsFmp4Segment,
    HlsInit,
    HlsKey,
    HlsCaptionsSegment,
    DashManifest,
    DashInit,
    DashFragment,
    DashCaptions,
    DashCaptionsFragment,
    MssManifest,
    MssFragment,
    HdsManifest,
    HdsBootstrap,
    HdsFragment,

    /// <summary>The file itself, clipped where the URL says so (packager <c>none</c>).</summary>
    Progressive,

    /// <summary>Needs a decoder: 501 for now.</summary>
    Thumbnail,

    /// <summary>Needs a decoder: 501 for now.</summary>
    VolumeMap,
}

/// <summary>What is asked for, read out of a file name such as <c>seg-3-f1-v1-a1.ts</c>: which piece of which tracks.</summary>
public sealed record VodRequest
{
    public required VodRequestKind Kind { get; init; }

    /// <summary>Number of the segment from 0; null where the request names none, or names it by <see cref="SegmentTime"/>.</summary>
    public int? SegmentIndex { get; init; }

    /// <summary>When the segment starts, in ticks of the packager's timescale (DASH with $Time$, MSS); null where it is named by number.</summary>
    public long? SegmentTime { get; init; }

    /// <summary>Number of the clip that the segment's number counts in, from 0 (names with <c>-c1</c>); null where numbers run through.</summary>
    public int? ClipIndex { get; init; }

    /// <summary>Sequences by number (bit n is sequence n + 1; <c>-f1</c>).</summary>
    public ulong Sequences { get; init; } = ulong.MaxValue;

    /// <summary>Sequences by their ids (<c>-sID</c>); empty for all.</summary>
    public IReadOnlyList<string> SequenceIds { get; init; } = [];

    /// <summary>Tracks, where no sequence is named with them; null where the name says nothing (the packager's default).</summary>
    public TrackSelection? Tracks { get; init; }

    /// <summary>Tracks of one sequence (index from 0), as <c>-f1-v1-f2-a1</c> names them; empty where there are none such.</summary>
    public IReadOnlyDictionary<int, TrackSelection> SequenceTracks { get; init; } = new Dictionary<int, TrackSelection>();

    /// <summary>Tracks of one sequence by its id, as <c>-shi-v1-slo-a1</c> names them; empty where there are none such.</summary>
    public IReadOnlyDictionary<string, TrackSelection> SequenceIdTracks { get; init; } = new Dictionary<string, TrackSelection>();

    /// <summary>Languages (ISO 639-3, <c>-leng</c>); empty for all.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Bit rate that an MSS fragment's name carries: the track's number, as our own manifests write it.</summary>
    public long Bitrate { get; init; }

    /// <summary>Which kind of stream an MSS fragment is of.</summary>
    public MssStream MssStream { get; init; }

    /// <summary>How much later frames of an HLS segment are presented (<c>-p80</c>), in ticks of 90 kHz.</summary>
    public int PtsDelay { get; init; }

    /// <summary>Version of the format that the manifest was written for (<c>-x3</c>); 0 where the name carries none.</summary>
    public int Version { get; init; }

    /// <summary>How much later frames are presented, by kind (path parameter <c>shift</c>).</summary>
    public TimeShift Shift { get; init; }

    /// <summary>Which picture; null where none is asked for.</summary>
    public ThumbnailRequest? Thumbnail { get; init; }
}

/// <summary>Kinds of streams in Smooth Streaming: the word before the time in a fragment's name.</summary>
public enum MssStream
{
    Video,
    Audio,
    Text,
}

/// <summary>A picture out of a video.</summary>
/// <param name="Offset">When, in milliseconds; negative: before the end.</param>
/// <param name="Width">Pixels; 0 where it follows from the height, or is the video's own.</param>
/// <param name="Height">Pixels; 0 where it follows from the width, or is the video's own.</param>
public sealed record ThumbnailRequest(long Offset, int Width, int Height);
