using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>Where a set is asked for: what URLs in manifests begin with.</summary>
public sealed record VodPlace
{
    /// <summary>
    /// Scheme and host of URLs to manifests (evaluated <c>base_url</c>). Empty for relative URLs; ending in <c>/</c> it is all that stands before a file
    /// name.
    /// </summary>
    public required string BaseUrl { get; init; }

    /// <summary>The same for segments (evaluated <c>segments_base_url</c>).</summary>
    public required string SegmentsBaseUrl { get; init; }

    /// <summary>The request's path without its file name, with a slash in front and none behind.</summary>
    public required string Path { get; init; }

    /// <summary>The request's file name.</summary>
    public string FileName { get; init; } = "";

    /// <summary>A URL to a file of the whole set.</summary>
    public string UrlOf(string baseUrl, bool absolute, string file, string? path = null) =>
        !absolute || baseUrl.Length == 0 ? file
        : baseUrl[^1] == '/' ? baseUrl + file
        : $"{baseUrl}{path ?? Path}/{file}";
}

/// <summary>How files of a set say which tracks they hold: <c>-f2-v1-a1</c>, <c>-sID-v1</c>.</summary>
public static class TrackNames
{
    /// <summary>The part of a file name that names tracks.</summary>
    /// <param name="set">The set.</param>
    /// <param name="tracks">The tracks, in the order in which they are named.</param>
    /// <param name="withinSequence">Whether the URL already names the sequence.</param>
    /// <param name="numbered">Whether sequences are named by number even where they have ids.</param>
    public static string Of(MediaSet set, IReadOnlyList<SetTrack> tracks, bool withinSequence = false, bool numbered = false)
    {
        var name = new System.Text.StringBuilder();
        var sequence = -1;
        foreach (var track in tracks)
        {
            if (track.Sequence != sequence)
            {
                sequence = track.Sequence;
                name.Append(withinSequence ? "" : SequenceOf(set, sequence, track.SequenceDescription, numbered));
            }

            name.Append('-').Append(track.Kind == TrackKind.Video ? 'v' : 'a').Append(track.Source.IndexInKind);
        }

        return name.ToString();
    }

    /// <summary>The part of a file name that names a sequence; empty where there is only one.</summary>
    public static string SequenceOf(MediaSet set, int number, SequenceDescription sequence, bool numbered = false) =>
        set.Description.Sequences.Count == 1 && !set.Options.Urls.ForceSequenceIndex ? ""
        : sequence.Id.Length > 0 && !numbered ? $"-s{sequence.Id}"
        : $"-f{number + 1}";

    /// <summary>The path under which all the tracks can be asked for without naming a sequence; null where they are of several.</summary>
    public static string? OwnPath(IReadOnlyList<SetTrack> tracks) =>
        tracks.Count > 0 && tracks.All(track => track.Sequence == tracks[0].Sequence) && tracks[0].SequenceDescription.Uri is { Length: > 0 } uri ? uri : null;
}
