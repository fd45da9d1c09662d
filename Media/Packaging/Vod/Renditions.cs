using Tributary.Media.Frames;
using Tributary.Media.Languages;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>Tracks that a player chooses among together: a picture with its sound, or either alone.</summary>
/// <param name="Video">The picture; null where there is none.</param>
/// <param name="Audio">The sound; null where there is none.</param>
public readonly record struct Rendition(SetTrack? Video, SetTrack? Audio)
{
    /// <summary>The tracks, the picture first.</summary>
    public IReadOnlyList<SetTrack> Tracks => Video is null ? Audio is null ? [] : [Audio] : Audio is null ? [Video] : [Video, Audio];

    /// <summary>Bits per second of both.</summary>
    public long Bitrate => (Video?.Bitrate ?? 0) + (Audio?.Bitrate ?? 0);

    public long AverageBitrate => (Video?.AverageBitrate ?? 0) + (Audio?.AverageBitrate ?? 0);
}

/// <summary>Sorts the tracks of a set into renditions, and into sound that is chosen apart from the picture.</summary>
public static class Renditions
{
    /// <summary>
    /// Sound that players are to choose by language: where tracks differ in it, one for each language and codec; where
    /// <paramref name="always"/>, the first of each codec at least. Empty where sound stays with the picture.
    /// </summary>
    public static IReadOnlyList<SetTrack> AlternativeAudio(IReadOnlyList<SetTrack> tracks, bool always)
    {
        var audio = tracks.Where(track => track.Kind == TrackKind.Audio).ToArray();
        var named = audio.Where(track => Language.Find(track.Language) is not null).ToArray();
        var distinct = named.DistinctBy(track => (track.Info.Codec, LabelOf(track), track.Language)).ToArray();
        if (distinct.Length > 1)
        {
            return distinct;
        }

        return always && tracks.Any(track => track.Kind == TrackKind.Video) ? [.. audio.DistinctBy(track => track.Info.Codec)] : [];
    }

    /// <summary>Every picture with the sound of its own sequence, or the first there is; and sound of sequences without a picture.</summary>
    public static IReadOnlyList<Rendition> Muxed(IReadOnlyList<SetTrack> tracks)
    {
        var renditions = new List<Rendition>();
        foreach (var sequence in tracks.GroupBy(track => track.Sequence))
        {
            var video = sequence.Where(track => track.Kind == TrackKind.Video).ToArray();
            var audio = sequence.FirstOrDefault(track => track.Kind == TrackKind.Audio);
            if (video.Length == 0)
            {
                renditions.Add(new Rendition(null, audio));
                continue;
            }

            var sound = audio ?? tracks.FirstOrDefault(track => track.Kind == TrackKind.Audio);
            renditions.AddRange(video.Select(picture => new Rendition(picture, sound)));
        }

        return renditions;
    }

    /// <summary>What people read: the mapping's label, the media's own name, or the language's name.</summary>
    public static string LabelOf(SetTrack track) =>
        track.SequenceDescription.Label is { Length: > 0 } label ? label : NameOf(track) is { Length: > 0 } name ? name : LabelOf(track.Language);

    /// <summary>A language's name, or "default" where it is not known.</summary>
    public static string LabelOf(string language) => Language.Find(language)?.Name ?? "default";

    static string NameOf(SetTrack track) => track.Options.ParseUdtaName && track.Source.UserDataName.Length > 0 ? track.Source.UserDataName
        : track.Options.ParseHdlrName ? track.Source.Name : "";
}
