using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>A source that a clip plays, and when.</summary>
/// <param name="Source">The source; null where the clip needs something that is not there.</param>
/// <param name="Start">When it starts, in milliseconds from the clip's start.</param>
/// <param name="Length">How long it plays; null for all there is.</param>
/// <param name="Failure">Why there is no source.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="IsSilence">Whether frames of silence are made, and nothing is read.</param>
readonly record struct ClipPart(
    SourceClip? Source, long Start, long? Length, MediaFailure Failure = MediaFailure.None, string Reason = "", bool IsSilence = false);

/// <summary>Takes clips apart into the sources that they play.</summary>
static class ClipParts
{
    /// <summary>The sources that a part of a clip needs.</summary>
    internal static IEnumerable<ClipPart> Of(ClipDescription clip, ClipRange range) => clip switch
    {
        SourceClip source => [new ClipPart(source, 0, null)],
        ConcatClip concat => OfConcat(concat, range),
        SilenceClip => [new ClipPart(new SourceClip { Path = SourceClip.Empty }, 0, null, IsSilence: true)],
        DynamicClip dynamic => [Missing(MediaFailure.BadMapping, $"nothing says what the dynamic clip {dynamic.Id} is")],
        _ => [Missing(MediaFailure.NotImplemented, $"a {clip.GetType().Name} needs a decoder, which comes later")],
    };

    static ClipPart Missing(MediaFailure failure, string reason) => new(null, 0, null, failure, reason);

    static IEnumerable<ClipPart> OfConcat(ConcatClip concat, ClipRange range)
    {
        var start = concat.Offset - concat.ClipFrom;
        for (var i = 0; i < concat.Paths.Count; i++)
        {
            var (from, end) = (start, start + concat.Durations[i]);
            start = end;
            if (end <= Math.Max(0, range.From) || from >= range.To)
            {
                continue;
            }

            var skipped = Math.Max(0, -from);
            var source = new SourceClip { Path = concat.BasePath + concat.Paths[i], Tracks = concat.Tracks, ClipFrom = skipped };
            yield return new ClipPart(source, from + skipped, concat.Durations[i] - skipped);
        }
    }
}

/// <summary>Where tracks that are opened belong: their sequence and clip, and how much of them is played.</summary>
sealed record ClipPlace(int Sequence, SequenceDescription Description, int Clip, long? Limit, PackagingOptions Options)
{
    /// <summary>Adds the tracks of a file that the request takes.</summary>
    internal (MediaFailure Failure, string Reason) AddTracks(
        List<SetTrack> tracks, MediaFile file, IByteSource bytes, ClipPart part, SetSelection selection)
    {
        var taken = false;
        part = AlignStart(file, part);
        foreach (var track in file.Tracks)
        {
            if (part.Source!.Tracks is { } mapped && !mapped.Includes(track.Info.Kind, track.IndexInKind))
            {
                continue;
            }

            if (!selection.Codecs.Contains(track.Info.Codec))
            {
                continue;
            }

            var language = Description.Language.Length > 0 ? Description.Language : track.Info.Language;
            if (!selection.Takes(Sequence, Description.Id, track.Info.Kind, track.IndexInKind, language))
            {
                continue;
            }

            var added = Place(track, bytes, part);
            taken |= added.EndFrame > added.FirstFrame;
            tracks.Add(added);
        }

        return taken || part.Source!.ClipFrom == 0 || tracks.Count == 0
            ? default
            : (MediaFailure.BadRequest, "the part that is asked for begins after the media's end");
    }

    // Where segments start at key frames, so does a clip that is cut out of a file.
    ClipPart AlignStart(MediaFile file, ClipPart part)
    {
        var from = part.Source!.ClipFrom;
        var video = file.Tracks.FirstOrDefault(track => track.Info.Kind == TrackKind.Video && track.HasKeyFrameTable);
        if (from == 0 || video is null || !Options.Segmentation.AlignToKeyFrames)
        {
            return part;
        }

        var scale = video.Info.Timescale;
        var offset = StartOf(video);
        var key = video.NextKeyFrame(video.FindFrame(MediaTime.Rescale(from, 1000, scale) - offset));
        if (key >= video.FrameCount)
        {
            return part;
        }

        var aligned = ((video.DecodeTimeOf(key) + offset) * 1000 + scale - 1) / scale;
        return part with { Source = part.Source with { ClipFrom = aligned }, Length = (part.Length ?? Limit) - (aligned - from) };
    }

    long StartOf(SourceTrack track) => Options.Reading.IgnoreEditList ? 0 : track.EmptyEdit;   // what an edit skips is played: migrating sites have it so

    SetTrack Place(SourceTrack track, IByteSource bytes, ClipPart part)
    {
        var scale = track.Info.Timescale;
        var start = StartOf(track);
        var from = MediaTime.Rescale(part.Source!.ClipFrom, 1000, scale) - start;
        var limit = part.Length is { } length ? Limit is { } clip ? Math.Min(clip - part.Start, length) : length : Limit;
        var first = from > 0 ? track.FindFrame(from) : 0;
        var end = limit is { } l ? track.FindFrame(MediaTime.Rescale(part.Source.ClipFrom + l, 1000, scale) - start) : track.FrameCount;
        return new SetTrack
        {
            Source = track,
            Bytes = bytes,
            Sequence = Sequence,
            SequenceDescription = Description,
            Clip = Clip,
            Options = Options.Reading,
            PartStart = part.Start,
            ClipFrom = part.Source.ClipFrom,
            Limit = limit,
            FirstFrame = first,
            EndFrame = Math.Max(first, end),
            Lead = Math.Max(0, -from),
            StartOffset = start,
            HasKey = !part.Source.EncryptionKey.IsEmpty,
            Decryptor = track is { Encryption.Scheme: "cenc", Protection: { } frames } && !part.Source.EncryptionKey.IsEmpty ? new FrameDecryptor(frames, part.Source.EncryptionKey) : null,
        };
    }
}
