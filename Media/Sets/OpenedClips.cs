using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>The clips that a request opened so far: their tracks, picked, and the sources to close.</summary>
sealed class OpenedClips(IMediaOpener opener, SetSelection selection, PackagingOptions options) : IAsyncDisposable
{
    readonly SortedDictionary<int, (List<SetTrack> Tracks, List<SetCaptions> Captions)> _clips = [];
    readonly List<IByteSource> _sources = [];

    internal SetSelection Selection => selection;

    /// <summary>Opens a clip of every sequence that is asked for, unless that was done before.</summary>
    /// <param name="set">The set.</param>
    /// <param name="clip">Number of the clip, from 0.</param>
    /// <param name="limit">Its length in milliseconds; null for all there is.</param>
    /// <param name="range">The part of it that is needed: of files that play one after another only those are opened.</param>
    /// <param name="cancellation">Ends the reading.</param>
    internal async ValueTask<(MediaFailure Failure, string Reason)> OpenAsync(
        MediaSetDescription set, int clip, long? limit, ClipRange range, CancellationToken cancellation)
    {
        if (_clips.ContainsKey(clip))
        {
            return default;
        }

        var tracks = new List<SetTrack>();
        var captions = new List<SetCaptions>();
        _clips[clip] = (tracks, captions);
        for (var sequence = 0; sequence < set.Sequences.Count; sequence++)
        {
            var described = set.Sequences[sequence];
            if (!selection.Takes(sequence, described))
            {
                continue;
            }

            var place = new ClipPlace(sequence, described, clip, limit, options);
            foreach (var part in ClipParts.Of(described.Clips[clip], range))
            {
                var failure = await OpenPartAsync(place, part, tracks, captions, cancellation);
                if (failure.Failure != MediaFailure.None)
                {
                    return failure;
                }
            }
        }

        Pick(tracks, captions);
        return tracks.Count == 0 && captions.Count == 0 ? (MediaFailure.BadRequest, "none of the tracks that are asked for is there") : default;
    }

    /// <summary>Length of a clip that was opened: that of its longest track, or of its shortest where the policy says so.</summary>
    internal long DurationOf(int clip, ManifestDurationPolicy policy)
    {
        var durations = _clips[clip].Tracks.Select(track => track.Duration).Where(duration => duration > 0).ToArray();
        if (durations.Length == 0)
        {
            // Captions without a cue have a segment all the same: players take a playlist without one for broken.
            var shown = _clips[clip].Captions.Select(captions => captions.File.DurationMilliseconds - captions.ClipFrom).DefaultIfEmpty(0).Max();
            return shown > 0 || _clips[clip].Captions.Count == 0 ? shown : options.Segmentation.SegmentDuration;
        }

        return policy == ManifestDurationPolicy.Max ? durations.Max() : durations.Min();
    }

    internal void HandTo(MediaSet set)
    {
        foreach (var (clip, (tracks, captions)) in _clips)
        {
            set.Add(clip, tracks, captions);
        }

        _sources.ForEach(set.Own);
        _sources.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources)
        {
            await source.DisposeAsync();
        }
    }

    async ValueTask<(MediaFailure Failure, string Reason)> OpenPartAsync(
        ClipPlace place, ClipPart part, List<SetTrack> tracks, List<SetCaptions> captions, CancellationToken cancellation)
    {
        if (part.Source is null)
        {
            return (part.Failure, part.Reason);
        }

        if (part.IsSilence)
        {
            return AddSilence(place, part, tracks);
        }

        var opened = await opener.OpenAsync(part.Source, cancellation);
        if (opened.Bytes is { } bytes)
        {
            _sources.Add(bytes);
        }

        if (opened.Failure != MediaFailure.None)
        {
            return (opened.Failure, opened.Reason);
        }

        if (opened.Captions is { } cues)
        {
            var language = place.Description.Language;
            if (selection.Languages.Count == 0 || selection.Languages.Contains(language))
            {
                captions.Add(new SetCaptions(place.Sequence, place.Description, place.Clip, cues, part.Source.ClipFrom, selection.Shift.Subtitles));
            }

            return default;
        }

        return place.AddTracks(tracks, opened.File!, opened.Bytes!, part, selection);
    }

    (MediaFailure Failure, string Reason) AddSilence(ClipPlace place, ClipPart part, List<SetTrack> tracks)
    {
        if (place.Limit is not { } length)
        {
            return (MediaFailure.BadMapping, "nothing says how long the silence is");
        }

        var (silence, bytes) = SilentTrack.Of(length);
        return place.AddTracks(tracks, new MediaFile([silence], length, 0), bytes, part, selection);
    }

    void Pick(List<SetTrack> tracks, List<SetCaptions> captions)
    {
        if (selection.OnlyOne || selection.OnePerKind)
        {
            var video = tracks.Find(track => track.Kind == TrackKind.Video);
            var audio = selection.OnlyOne && video is not null ? null : tracks.Find(track => track.Kind == TrackKind.Audio);
            tracks.RemoveAll(track => !track.IsPartOf(video) && !track.IsPartOf(audio));
            captions.RemoveRange(Math.Min(1, captions.Count), Math.Max(0, captions.Count - 1));
        }
    }
}
