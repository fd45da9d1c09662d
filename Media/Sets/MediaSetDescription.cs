namespace Tributary.Media.Sets;

/// <summary>What kind of playlist a set is.</summary>
public enum PlaylistType
{
    Vod,
    Live,

    /// <summary>A playlist that only grows (HLS only).</summary>
    Event,
}

/// <summary>
/// What is to be played, as a mapping says it: sequences (renditions) that play together, each of the same number of clips that play one after another.
/// Times are milliseconds; absolute ones since the Unix epoch. A local file is a set of one sequence with one clip.
/// </summary>
public sealed record MediaSetDescription
{
    public required IReadOnlyList<SequenceDescription> Sequences { get; init; }

    public string Id { get; init; } = "";

    public PlaylistType PlaylistType { get; init; }

    /// <summary>Length of each clip; empty for a set of one clip of unknown length.</summary>
    public IReadOnlyList<long> Durations { get; init; } = [];

    /// <summary>Whether clips may differ in encoding, so that players are told of each change.</summary>
    public bool Discontinuity { get; init; } = true;

    /// <summary>When each clip starts; null where clips follow one another from <see cref="FirstClipTime"/>.</summary>
    public IReadOnlyList<long>? ClipTimes { get; init; }

    public long? FirstClipTime { get; init; }

    public long? SegmentBaseTime { get; init; }

    /// <summary>How long after its own beginning the first clip starts, as the live window has left that behind, in milliseconds.</summary>
    public long FirstClipStartOffset { get; init; }

    public int? InitialClipIndex { get; init; }

    public int? InitialSegmentIndex { get; init; }

    public long? PresentationEndTime { get; init; }

    public long? ExpirationTime { get; init; }

    /// <summary>Overrides the configured length of the live window where it is shorter.</summary>
    public long? LiveWindowDuration { get; init; }

    /// <summary>What is added to the clock, in seconds.</summary>
    public long TimeOffsetSeconds { get; init; }

    public long? SegmentDuration { get; init; }

    /// <summary>Whether every clip of a sequence has the same tracks and codecs as its reference clip.</summary>
    public bool ConsistentSequenceMediaInfo { get; init; } = true;

    /// <summary>Which clip (from 1) stands for the others in manifests; null for the last, or the first where clips differ.</summary>
    public int? ReferenceClipIndex { get; init; }

    /// <summary>Part of the set that is played, on the set's own time.</summary>
    public long ClipFrom { get; init; }

    /// <summary>Where the part ends; null for the end.</summary>
    public long? ClipTo { get; init; }

    public bool Cache { get; init; } = true;

    public IReadOnlyList<NotificationDescription> Notifications { get; init; } = [];

    /// <summary>Captions inside the video; null where the mapping says nothing, empty for "none".</summary>
    public IReadOnlyList<ClosedCaptionsDescription>? ClosedCaptions { get; init; }
}

/// <summary>One rendition: clips that play one after another.</summary>
public sealed record SequenceDescription
{
    public required IReadOnlyList<ClipDescription> Clips { get; init; }

    public string Id { get; init; } = "";

    /// <summary>Path under which this sequence can be asked for alone: its part of a multi URL; empty where there is none.</summary>
    public string Uri { get; init; } = "";

    /// <summary>Three letters (ISO 639-2); overrides the media's own.</summary>
    public string Language { get; init; } = "";

    public string Label { get; init; } = "";

    /// <summary>DEFAULT of EXT-X-MEDIA; null where the mapping leaves it to us.</summary>
    public bool? Default { get; init; }

    /// <summary>Bits per second of video and audio; 0 where they are to be measured.</summary>
    public (long Video, long Audio) Bitrate { get; init; }

    public (long Video, long Audio) AverageBitrate { get; init; }
}

/// <summary>A clip: media, or something that makes media of other clips.</summary>
public abstract record ClipDescription
{
    /// <summary>Lengths of the groups of pictures, in milliseconds; null where unknown.</summary>
    public IReadOnlyList<long>? KeyFrameDurations { get; init; }

    public long FirstKeyFrameOffset { get; init; }
}

/// <summary>How a source's bytes are had.</summary>
public enum SourceAccess
{
    /// <summary>As the location says: HTTP where it has a remote upstream, else a file.</summary>
    Default,
    File,
    Http,

    /// <summary>A file of an entry, by the entry's id and a number.</summary>
    Entry,
}

/// <summary>Frames of one file.</summary>
public sealed record SourceClip : ClipDescription
{
    public string Id { get; init; } = "";

    /// <summary>The file, or what is appended to the upstream's address; <see cref="Empty"/> for captions without a cue.</summary>
    public required string Path { get; init; }

    public const string Empty = "empty";

    public SourceAccess Access { get; init; }

    /// <summary>Which tracks of the file; null for all that the request takes.</summary>
    public TrackSelection? Tracks { get; init; }

    /// <summary>Where in the file the clip begins, in milliseconds.</summary>
    public long ClipFrom { get; init; }

    public ReadOnlyMemory<byte> EncryptionKey { get; init; }

    public ReadOnlyMemory<byte> EncryptionIv { get; init; }

    public string EncryptionScheme { get; init; } = "";
}

/// <summary>Files one after another without a break: played as if they were one clip.</summary>
public sealed record ConcatClip : ClipDescription
{
    public required IReadOnlyList<long> Durations { get; init; }

    /// <summary>The files; empty where <see cref="ClipIds"/> must be asked for.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    public IReadOnlyList<string> ClipIds { get; init; } = [];

    public string BasePath { get; init; } = "";

    public TrackSelection? Tracks { get; init; }

    /// <summary>How long after the clip's start the first file is played, in milliseconds; negative where its beginning is left out.</summary>
    public long Offset { get; init; }

    /// <summary>How much of the clip's beginning is left out, in milliseconds.</summary>
    public long ClipFrom { get; init; }

    public IReadOnlyList<NotificationDescription> Notifications { get; init; } = [];
}

/// <summary>A clip whose content an upstream names when it is played.</summary>
public sealed record DynamicClip(string Id) : ClipDescription;

/// <summary>Sound without a sound.</summary>
public sealed record SilenceClip : ClipDescription;

/// <summary>Another speed. Needs a decoder: comes later.</summary>
public sealed record RateFilterClip(decimal Rate, ClipDescription Source) : ClipDescription;

/// <summary>Another loudness. Needs a decoder: comes later.</summary>
public sealed record GainFilterClip(decimal Gain, ClipDescription Source) : ClipDescription;

/// <summary>Several clips mixed into one. Mixing sound needs a decoder: comes later.</summary>
public sealed record MixFilterClip(IReadOnlyList<ClipDescription> Sources) : ClipDescription;

/// <summary>Something that an upstream is told when a segment is fetched.</summary>
public sealed record NotificationDescription(string Id, long Offset);

/// <summary>Captions inside the video (CEA-608 and CEA-708).</summary>
public sealed record ClosedCaptionsDescription(string Id, string Label, string Language, bool? Default);
