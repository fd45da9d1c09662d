using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>Frames of a track that one segment holds: a run from one source.</summary>
/// <param name="Track">Whose.</param>
/// <param name="First">Number of the first frame in the source.</param>
/// <param name="Count">How many frames; may be 0.</param>
/// <param name="Start">When the source's clip starts in the presentation, in milliseconds, the URL's shift included.</param>
public readonly record struct FrameRun(SetTrack Track, int First, int Count, long Start);

/// <summary>
/// A set as far as a request needs it: its timeline, and the tracks of the clips that were opened for it. Whoever asked for it disposes it, and with it the
/// sources.
/// </summary>
public sealed class MediaSet : IAsyncDisposable
{
    readonly List<IByteSource> _sources = [];

    public required SetTimeline Timeline { get; init; }

    public required PackagingOptions Options { get; init; }

    /// <summary>What was asked for.</summary>
    public required SetSelection Selection { get; init; }

    /// <summary>The clock at the request, with the set's own offset, in milliseconds since the Unix epoch.</summary>
    public required long Now { get; init; }

    /// <summary>Tracks by clip, in the order of sequences and of tracks in their files.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<SetTrack>> Clips => _clips;

    /// <summary>Captions by clip, in the order of sequences.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<SetCaptions>> Captions => _captions;

    /// <summary>Tracks by clip as manifests tell of them: of files that play one after another only those of the first.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<SetTrack>> Manifest => _manifest;

    readonly Dictionary<int, IReadOnlyList<SetTrack>> _clips = [];
    readonly Dictionary<int, IReadOnlyList<SetTrack>> _manifest = [];
    readonly Dictionary<int, IReadOnlyList<SetCaptions>> _captions = [];

    public MediaSetDescription Description => Timeline.Description;

    /// <summary>Number of the clip that stands for the others in manifests.</summary>
    public required int ReferenceClip { get; init; }

    /// <summary>Tracks of the clip that stands for the others.</summary>
    public IReadOnlyList<SetTrack> ReferenceTracks => _manifest.TryGetValue(ReferenceClip, out var tracks) ? tracks : _manifest.Values.FirstOrDefault() ?? [];

    public IReadOnlyList<SetCaptions> ReferenceCaptions =>
        _captions.TryGetValue(ReferenceClip, out var captions) ? captions : _captions.Values.FirstOrDefault() ?? [];

    /// <summary>
    /// The timeline as some of the tracks have it: where the mapping does not say how long clips are, that of the longest of them.
    /// </summary>
    public SetTimeline TimelineOf(IReadOnlyList<SetTrack> tracks) =>
        Description.Durations.Count > 0 || tracks.Count == 0
            ? Timeline
            : SetTimeline.Create(Description, Options.Segmentation, [DurationOf(tracks)]);

    long DurationOf(IReadOnlyList<SetTrack> tracks)
    {
        var durations = tracks.Select(track => track.Duration).Where(duration => duration > 0).DefaultIfEmpty(0);
        return Options.Segmentation.ManifestDurationPolicy == ManifestDurationPolicy.Max ? durations.Max() : durations.Min();
    }

    internal void Add(int clip, IReadOnlyList<SetTrack> tracks, IReadOnlyList<SetCaptions> captions)
    {
        _clips[clip] = tracks;
        _manifest[clip] = [.. tracks.Where((track, i) => !tracks.Take(i).Any(track.IsPartOf))];
        _captions[clip] = captions;
    }

    internal void Own(IByteSource source) => _sources.Add(source);

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources)
        {
            await source.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}

/// <summary>Captions of one clip of a sequence.</summary>
/// <param name="Sequence">Number of the sequence, from 0.</param>
/// <param name="SequenceDescription">The sequence.</param>
/// <param name="Clip">Number of the clip in the timeline.</param>
/// <param name="File">The cues.</param>
/// <param name="ClipFrom">Where the clip begins in the file, in milliseconds.</param>
/// <param name="Shift">What is added to all times, in milliseconds.</param>
public sealed record SetCaptions(
    int Sequence, SequenceDescription SequenceDescription, int Clip, Captions.CaptionsFile File, long ClipFrom, long Shift);

/// <summary>Which sequences and tracks a request takes, and what its path asks for.</summary>
public sealed record SetSelection
{
    public ulong Sequences { get; init; } = ulong.MaxValue;

    public IReadOnlyList<string> SequenceIds { get; init; } = [];

    public TrackSelection? Tracks { get; init; }

    public IReadOnlyDictionary<int, TrackSelection> SequenceTracks { get; init; } = new Dictionary<int, TrackSelection>();

    /// <summary>The same by the sequences' ids.</summary>
    public IReadOnlyDictionary<string, TrackSelection> SequenceIdTracks { get; init; } = new Dictionary<string, TrackSelection>();

    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Codecs that the packager carries; tracks of others are as if they were not there.</summary>
    public required IReadOnlySet<Codec> Codecs { get; init; }

    /// <summary>At most one track of each kind: what a muxed segment or its playlist is.</summary>
    public bool OnePerKind { get; init; }

    /// <summary>At most one track in all.</summary>
    public bool OnlyOne { get; init; }

    /// <summary>Time shifts of video, audio and captions, in milliseconds (<c>shift</c>).</summary>
    public TimeShift Shift { get; init; }

    public long ShiftOf(TrackKind kind) => kind == TrackKind.Video ? Shift.Video : Shift.Audio;

    /// <summary>Whether a sequence is meant.</summary>
    public bool Takes(int index, SequenceDescription sequence) =>
        (index >= 64 || (Sequences >> index & 1) != 0)
        && (SequenceIds.Count == 0 || SequenceIds.Contains(sequence.Id))
        && (SequenceTracks.Count + SequenceIdTracks.Count == 0 || SequenceTracks.ContainsKey(index) || SequenceIdTracks.ContainsKey(sequence.Id));

    /// <summary>Whether a track of a sequence is meant.</summary>
    public bool Takes(int sequence, string id, TrackKind kind, int index, string language) =>
        (SequenceTracks.TryGetValue(sequence, out var own) || SequenceIdTracks.TryGetValue(id, out own)
            ? own.Includes(kind, index)
            : Tracks is not { } all || all.Includes(kind, index))
        && (kind == TrackKind.Video || Languages.Count == 0 || Languages.Contains(language));
}
