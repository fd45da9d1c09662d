using Tributary.Media.Packaging.Vod;
using Tributary.Media.Packaging.Vod.Progressive;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>The packager <c>none</c>: a file as it is, or the part of it that the URL asks for, with its tables made anew.</summary>
static class ProgressiveFile
{
    public static async ValueTask<PackagedAnswer> AnswerAsync(VodMediaOpener opener, VodJob job, ReadingOptions options, CancellationToken cancellation)
    {
        var set = job.Description;
        if (set.Sequences is not [{ Clips: [SourceClip clip] }])
        {
            return PackagedAnswer.Failed(MediaFailure.BadRequest, "only one file can be served as it is");
        }

        var end = set.Durations is [var length] && !(set.ClipTo < length) ? length : set.ClipTo;   // how much of the file a mapping plays
        if (set.ClipFrom == 0 && end is null && clip is { Tracks: null, ClipFrom: 0 })
        {
            var (failure, reason, source) = await opener.OpenBytesAsync(clip, cancellation);
            return source is null
                ? PackagedAnswer.Failed(failure, reason)
                : PackagedAnswer.Of(new ClippedBody(default, source, 0, source.Length) { ContentType = TypeOf(clip.Path) });
        }

        var opened = await opener.OpenAsync(clip, cancellation);
        if (opened is not { File: { } file, Bytes: { } bytes })
        {
            return PackagedAnswer.Failed(opened.Failure == MediaFailure.None ? MediaFailure.BadRequest : opened.Failure, opened.Reason);
        }

        var made = ClippedMp4.Make(
            file, track => clip.Tracks?.Includes(track.Info.Kind, track.IndexInKind) != false,
            set.ClipFrom + clip.ClipFrom, end + clip.ClipFrom, options.MaxFrameCount, bytes);
        if (made.Body is null)
        {
            await bytes.DisposeAsync();
        }

        return made;
    }

    static string TypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".webm" => "video/webm",
        ".mkv" => "video/x-matroska",
        ".m4a" => "audio/mp4",
        ".vtt" => "text/vtt",
        ".srt" => "application/x-subrip",
        _ => "video/mp4",
    };
}
