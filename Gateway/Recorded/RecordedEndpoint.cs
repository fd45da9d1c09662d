using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Gateway.Metrics;
using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Gateway.Recorded;

/// <summary>
/// Recorded entries, while they grow and afterwards, from the parts that the recorder wrote:
/// <code>
/// /rec/ENTRY/master.m3u8   /rec/ENTRY/index-v1.m3u8   /rec/ENTRY/VOLUME-v1.mp4 (byte ranges)   /rec/ENTRY/download.mp4 (one progressive file)
/// </code>
/// </summary>
sealed class RecordedEndpoint(RecordedEntries entries, GatewayMetrics metrics, IOptions<EdgeOptions> edge, IOptions<RecordedOptions> options)
{
    const string PlaylistType = "application/vnd.apple.mpegurl";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/rec/{entry}/{file}", [HttpMethods.Get, HttpMethods.Head], Handle);
        endpoints.MapMethods("/rec/{entry}/{file}", [HttpMethods.Options], context => Cors.Preflight(context, edge.Value.AllowOrigin));
    }

    async Task Handle(HttpContext context)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        var (id, file) = (context.Request.RouteValues["entry"] as string, context.Request.RouteValues["file"] as string);
        try
        {
            if (!JournalFolder.IsName(id) || !JournalFolder.IsName(file) || await entries.Describe(id!) is not { } entry)
            {
                await Answers.Missing(context, Answers.Briefly, "There is no such recording. A recording's playlist is /rec/ENTRY/master.m3u8.");
                return;
            }

            await (file!.EndsWith(".m3u8", StringComparison.Ordinal) ? AnswerPlaylist(context, entry, file)
                : file == "download.mp4" ? AnswerMovie(context, entry)
                : AnswerMedia(context, entry, file));
        }
        catch (StreamDirectoryException exception)
        {
            await Answers.Busy(context, exception.Message);
        }
        catch (Exception exception) when (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            // The viewer left.
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException && !context.Response.HasStarted)
        {
            await Answers.Busy(context, "The node that holds this recording does not answer right now.");
        }
        finally
        {
            metrics.Answered("recording", context.Response.StatusCode);
        }
    }

    async Task AnswerPlaylist(HttpContext context, VodEntryDescription entry, string file)
    {
        var snapshot = await entries.Open(entry);
        var isWhole = entry.State == VodEntryState.Ready && snapshot.Timeline.IsEnded;
        var text = snapshot.Text((isWhole ? "whole " : "growing ") + file, isKept: true, () => Render(snapshot.Timeline, file, isWhole));
        if (text is null)
        {
            await Answers.Missing(context, Answers.Briefly, "The recording has no such rendition, or nothing is recorded yet.");
            return;
        }

        await PlaylistAnswers.Write(context, metrics, PlaylistType, text, isWhole ? TimeSpan.FromMinutes(1) : Answers.Briefly);
    }

    static PlaylistText? Render(RecordedTimeline timeline, string file, bool isWhole)
    {
        if (file is "master.m3u8" or "index.m3u8")
        {
            return RecordedMaster.Render(timeline);
        }

        var rendition = RenditionOf(timeline, file, "index-", ".m3u8");
        return rendition < 0 ? null : new RecordedPlaylist(timeline, rendition, isWhole ? RecordedListing.Whole : RecordedListing.Growing).Render();
    }

    internal static int RenditionOf(RecordedTimeline timeline, string file, string start, string end) =>
        file.StartsWith(start, StringComparison.Ordinal) && file.EndsWith(end, StringComparison.Ordinal) && file.Length > start.Length + end.Length
            ? timeline.Find(file[start.Length..^end.Length])
            : -1;

    // A media file as far as the journal knows it: what is behind that may still be torn.
    async Task AnswerMedia(HttpContext context, VodEntryDescription entry, string file)
    {
        var timeline = (await entries.Open(entry)).Timeline;
        foreach (var volume in timeline.Volumes)
        {
            if (volume.Index.Tracks.FirstOrDefault(track => track is not null && file == $"{volume.Name}-{track.Name}.mp4") is { } track
                && entries.SourceOf(volume) is { } source)
            {
                context.Response.ContentType = track.Name[0] == 'v' ? "video/mp4" : "audio/mp4";
                context.Response.Headers.CacheControl = volume.IsEnded ? Answers.Immutable(options.Value.MediaMaxAge) : Answers.MaxAge(TimeSpan.Zero);
                metrics.Sent(await FileAnswers.Write(context, volume.Index.MediaLength(track.Slot), (offset, bytes, cancellation) =>
                    source.Read(JournalKind.Recordings, entry.Id, file, offset, bytes, cancellation)));
                return;
            }
        }

        await Answers.Missing(context, Answers.Briefly, "The recording has no such file.");
    }

    internal async Task AnswerMovie(HttpContext context, VodEntryDescription entry)
    {
        if (await entries.Movie(entry) is not { } movie)
        {
            await Answers.Missing(context, Answers.Briefly, "Nothing of the recording can be read.");
            return;
        }

        context.Response.ContentType = "video/mp4";
        context.Response.Headers.CacheControl = Answers.MaxAge(entry.State == VodEntryState.Ready ? options.Value.MediaMaxAge : TimeSpan.Zero);
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{entry.Id}.mp4\"";
        metrics.Sent(await FileAnswers.Write(context, movie.Length, movie.Read));
    }
}
