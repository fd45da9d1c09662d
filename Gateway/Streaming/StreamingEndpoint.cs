using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Protocols.WebSockets;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// Endless responses through HTTP as any other: behind TLS, over HTTP/2, on connections that were used before, and whenever the answer is no.
/// <see cref="FirstRequest"/> takes the rest.
/// </summary>
sealed class StreamingEndpoint(StreamingViewers viewers, ViewerHandover handover, IOptions<EdgeOptions> edge)
{
    static readonly TimeSpan MissingAge = TimeSpan.FromSeconds(1);

    public void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (var format in (string[])["flv", "ts"])
        {
            var pattern = "/live/{name}." + format;
            endpoints.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], Handle);
            endpoints.MapMethods(pattern, [HttpMethods.Options], context => Cors.Preflight(context, edge.Value.AllowOrigin));
        }
    }

    async Task Handle(HttpContext context)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        if (!StreamingRequest.TryParse(context.Request.Path.Value ?? "", out var request))
        {
            await Answers.Missing(context, MissingAge, "There is nothing here. A stream is /live/NAME.flv or /live/NAME.ts.");
            return;
        }

        if (handover.Elsewhere(context.Request) is { } elsewhere)
        {
            Answers.Moved(context, elsewhere);
            return;
        }

        var (outcome, seat) = await viewers.TryOpen(request.Stream, request.Format);
        using (seat)
        {
            await (outcome switch
            {
                StreamingOutcome.Open => Answer(context, request, seat!),
                StreamingOutcome.OffAir => Answers.Missing(context, MissingAge, $"Stream '{request.Stream}' is not on air."),
                StreamingOutcome.LimitReached => Answers.Busy(context, "This gateway has as many viewers as it may (Gateway:Streaming:MaxViewers)."),
                _ => Answers.Busy(context, "The cluster does not answer right now."),
            });
        }
    }

    static async Task Answer(HttpContext context, StreamingRequest request, StreamingViewers.Seat seat)
    {
        // A slow viewer is our own affair.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            rate.MinDataRate = null;
        }

        var key = context.Request.Headers.SecWebSocketKey.ToString();
        if (key.Length == 24 && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            await Converse(context, request, seat, upgrade, key);
            return;
        }

        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        context.Response.ContentType = request.ContentType;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        await context.Response.StartAsync(context.RequestAborted);
        var output = new PipeOutput(context.Response.BodyWriter);
        var viewer = new Viewer(output, request.Framing([], webSocket: false));
        await using var onLeft = context.RequestAborted.UnsafeRegister(static viewer => ((Viewer)viewer!).End(ViewerEnd.Left), viewer);
        await seat.Watch(viewer);
        context.Response.BodyWriter.CancelPendingFlush();
        await output.Settle();
    }

    static async Task Converse(HttpContext context, StreamingRequest request, StreamingViewers.Seat seat, IHttpUpgradeFeature upgrade, string key)
    {
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.SecWebSocketAccept = WebSocketHandshake.Accept(key);
        await using var raw = await upgrade.UpgradeAsync();
        var (input, writer) = (PipeReader.Create(raw), PipeWriter.Create(raw));
        var output = new PipeOutput(writer);
        var viewer = new Viewer(output, request.Framing([], webSocket: true));
        var listening = FirstRequest.Converse(input, viewer);
        await using var onLeft = context.RequestAborted.UnsafeRegister(static viewer => ((Viewer)viewer!).End(ViewerEnd.Left), viewer);
        await seat.Watch(viewer);
        input.CancelPendingRead();
        writer.CancelPendingFlush();
        await listening;
        await output.Settle();
    }
}
