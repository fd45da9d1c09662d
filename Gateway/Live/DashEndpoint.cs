using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Metrics;

namespace Tributary.Gateway.Live;

/// <summary>
/// MPEG-DASH of live streams: <c>/live/NAME/manifest.mpd</c> lists whole segments, <c>/live/NAME/manifest-ll.mpd</c> also the one that is being cut.
/// The media is what <see cref="HlsEndpoint"/> serves; <c>/time</c> is the clock that manifests name (ISO/IEC 23009-1 §5.8.4.11).
/// </summary>
public sealed class DashEndpoint(
    LiveWindows windows, ViewerHandover handover, PlaylistAnswers playlists, GatewayMetrics metrics, IOptions<EdgeOptions> edge, TimeProvider time)
{
    internal void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/live/{name}/manifest.mpd", [HttpMethods.Get, HttpMethods.Head], context => Handle(context, lowLatency: false));
        endpoints.MapMethods("/live/{name}/manifest-ll.mpd", [HttpMethods.Get, HttpMethods.Head], context => Handle(context, lowLatency: true));
        endpoints.MapMethods("/time", [HttpMethods.Get, HttpMethods.Head], Time);
        endpoints.MapMethods("/time", [HttpMethods.Options], context => Cors.Preflight(context, edge.Value.AllowOrigin));
    }

    async Task Handle(HttpContext context, bool lowLatency)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        try
        {
            if (context.Request.RouteValues["name"] is not string name || !StreamName.IsValid(name))
            {
                await Answers.Missing(context, Answers.Briefly, "There is nothing here. A stream's manifest is /live/NAME/manifest.mpd.");
            }
            else if (handover.Elsewhere(context.Request) is { } elsewhere)
            {
                Answers.Moved(context, elsewhere);
            }
            else if (await windows.OpenOrAnswer(context, name) is { } window)
            {
                await playlists.AnswerManifest(context, window, lowLatency);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The viewer left.
        }
        finally
        {
            metrics.Answered("manifest", context.Response.StatusCode);
        }
    }

    Task Time(HttpContext context)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "text/plain; charset=utf-8";
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
        return BodyWriter.Write(context, System.Text.Encoding.ASCII.GetBytes(now));
    }
}
