using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Gateway.Metrics;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Gateway.Recorded;

/// <summary>
/// Live streams as far back as they are kept: <c>/live/NAME/dvr/master.m3u8</c>. With <c>?start=</c> playback begins at that time: seconds before now
/// (<c>-600</c>), seconds since 1970, or as ISO 8601 writes it.
/// </summary>
sealed class RewindEndpoint(RewindAnswers rewind, StreamDirectory directory, GatewayMetrics metrics, IOptions<EdgeOptions> edge, TimeProvider time)
{
    const string PlaylistType = "application/vnd.apple.mpegurl";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/live/{name}/dvr/{file}", [HttpMethods.Get, HttpMethods.Head], Handle);
        endpoints.MapMethods("/live/{name}/dvr/{file}", [HttpMethods.Options], context => Cors.Preflight(context, edge.Value.AllowOrigin));
    }

    async Task Handle(HttpContext context)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        var (name, file) = (context.Request.RouteValues["name"] as string, context.Request.RouteValues["file"] as string ?? "");
        try
        {
            if (!StreamName.IsValid(name) || rewind.WindowOf(name!) == TimeSpan.Zero)
            {
                await Answers.Missing(context, Answers.Briefly, "This stream is not kept for rewinding (Dvr:Streams).");
            }
            else if (!TryReadStart(context.Request.Query["start"], time.GetUtcNow(), out var start))
            {
                await Answers.Refused(context, Answers.Briefly, "start is seconds before now (-600), seconds since 1970, or a time as ISO 8601 writes it.");
            }
            else
            {
                await Answer(context, name!, file, start);
            }
        }
        catch (StreamDirectoryException exception)
        {
            await Answers.Busy(context, exception.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The viewer left.
        }
        finally
        {
            metrics.Answered("rewind", context.Response.StatusCode);
        }
    }

    async Task Answer(HttpContext context, string name, string file, DateTimeOffset? start)
    {
        var snapshot = await rewind.Open(name);
        var hasEnded = (await directory.Describe(name)).State == StreamState.OffAir;
        var text = snapshot.Text((hasEnded ? "ended " : "") + file, isKept: start is null, () => Render(name, snapshot, file, start, hasEnded));
        if (text is null)
        {
            await Answers.Missing(context, Answers.Briefly, $"Nothing of stream '{name}' is kept yet, or it has no such rendition.");
            return;
        }

        await PlaylistAnswers.Write(context, metrics, PlaylistType, text, Answers.Briefly);
    }

    PlaylistText? Render(string name, OpenTimeline.Snapshot snapshot, string file, DateTimeOffset? start, bool hasEnded)
    {
        var timeline = snapshot.Timeline;
        if (file is "master.m3u8" or "index.m3u8")
        {
            return RecordedMaster.Render(timeline, start is { } at ? $"?start={at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}" : "");
        }

        var rendition = RecordedEndpoint.RenditionOf(timeline, file, "index-", ".m3u8");
        return rendition < 0 ? null : new RecordedPlaylist(timeline, rendition, RecordedListing.Rewind)
        {
            Start = start,
            Window90k = (long)(rewind.WindowOf(name).TotalSeconds * MediaTime.Hz90k),
            HasEnded = hasEnded,
        }.Render();
    }

    /// <summary>False: it is given, and is no time. Null: it is not given.</summary>
    internal static bool TryReadStart(string? text, DateTimeOffset now, out DateTimeOffset? start)
    {
        start = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            if (seconds is < -31_536_000 or > 32_503_680_000)
            {
                return false;
            }

            start = (seconds < 0 ? now : DateTimeOffset.UnixEpoch).AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
            return true;
        }

        var read = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time);
        start = time;
        return read;
    }
}
