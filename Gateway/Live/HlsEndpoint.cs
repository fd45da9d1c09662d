using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Metrics;
using Tributary.Gateway.Recorded;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Gateway.Live;

/// <summary>
/// HLS of live streams below <c>/live/NAME/</c>, and the media that DASH shares with it. A request is answered from the stream's window:
/// 1. name and file are checked against their grammar, 2. the window is found or opened, 3. <see cref="PlaylistAnswers"/> or
/// <see cref="MediaAnswers"/> write what it has.
/// </summary>
sealed class HlsEndpoint(
    LiveWindows windows, ViewerHandover handover, PlaylistAnswers playlists, MediaAnswers media, RewindAnswers rewind, GatewayMetrics metrics, IOptions<EdgeOptions> edge)
{
    internal void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/live/{name}/{**file}", [HttpMethods.Get, HttpMethods.Head], Handle);
        endpoints.MapMethods("/live/{name}/{**file}", [HttpMethods.Options], context => Cors.Preflight(context, edge.Value.AllowOrigin));
    }

    async Task Handle(HttpContext context)
    {
        var (name, file) = (context.Request.RouteValues["name"] as string, context.Request.RouteValues["file"] as string);
        Cors.Allow(context, edge.Value.AllowOrigin);
        HlsKind? kind = null;
        try
        {
            // 1. Grammar.
            if (!StreamName.IsValid(name) || !HlsRequest.TryParse(file, out var request))
            {
                await Answers.Missing(context, Answers.Briefly, "There is nothing here. A stream's playlist is /live/NAME/master.m3u8.");
                return;
            }

            kind = request.Kind;
            if (kind is HlsKind.Master or HlsKind.Playlist && handover.Elsewhere(context.Request) is { } elsewhere)
            {
                Answers.Moved(context, elsewhere);
                return;
            }

            // 2. Window. What has left it may still be kept for rewinding.
            if (await rewind.TryAnswer(context, name!, windows.Find(name!), request))
            {
                return;
            }

            if (await windows.OpenOrAnswer(context, name!) is { } window)
            {
                // 3. What it has.
                await (request.Kind is HlsKind.Master or HlsKind.Playlist
                    ? playlists.Answer(context, window, request)
                    : media.Answer(context, window, request));
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The viewer left.
        }
        finally
        {
            metrics.Answered(kind, context.Response.StatusCode);
        }
    }
}
