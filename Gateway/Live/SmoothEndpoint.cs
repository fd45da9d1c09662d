using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Metrics;
using Tributary.Media.Packaging.Smooth;

namespace Tributary.Gateway.Live;

/// <summary>
/// Smooth Streaming of live streams: <c>/live/NAME/manifest</c> and <c>/live/NAME.ism/Manifest</c>, with the fragments below the same folder. A fragment that
/// a player was told of ahead is waited for.
/// </summary>
public sealed class SmoothEndpoint(
    LiveWindows windows, ViewerHandover handover, PlaylistAnswers playlists, MediaAnswers media, GatewayMetrics metrics, IOptions<EdgeOptions> edge)
{
    // Routing alone says whose presentation it is: the guard before this decides on the same name.
    static readonly string[] Folders = ["/live/{name}", "/live/{name}.ism"];

    internal void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (var folder in Folders)
        {
            endpoints.MapMethods($"{folder}/manifest", [HttpMethods.Get, HttpMethods.Head], Manifest);
            endpoints.MapMethods($"{folder}/QualityLevels({{bitrate}})/Fragments({{fragment}})", [HttpMethods.Get, HttpMethods.Head], Fragment);
        }
    }

    async Task Manifest(HttpContext context)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        try
        {
            if (NameOf(context) is not { } name)
            {
                await Answers.Missing(context, Answers.Briefly, "There is nothing here. A stream's manifest is /live/NAME/manifest.");
            }
            else if (handover.Elsewhere(context.Request) is { } elsewhere)
            {
                Answers.Moved(context, elsewhere);
            }
            else if (await windows.OpenOrAnswer(context, name) is { } window)
            {
                await playlists.AnswerSmooth(context, window);
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

    async Task Fragment(HttpContext context)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        var values = context.Request.RouteValues;
        try
        {
            if (NameOf(context) is not { } name
                || !SmoothRequest.TryParse($"QualityLevels({values["bitrate"]})/Fragments({values["fragment"]})", out var request))
            {
                await Answers.Missing(context, Answers.Briefly, "There is nothing here. The manifest says how fragments are asked for.");
            }
            else if (await windows.OpenOrAnswer(context, name) is { } window)
            {
                await media.AnswerSmooth(context, window, request);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The viewer left.
        }
        finally
        {
            metrics.Answered("fragment", context.Response.StatusCode);
        }
    }

    static string? NameOf(HttpContext context) =>
        context.Request.RouteValues["name"] is string name && StreamName.IsValid(name) ? name : null;
}
