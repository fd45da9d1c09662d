using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Tributary.Gateway.Metrics;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>
/// HLS of live streams below <c>/live/NAME/</c>. A request is answered from the stream's window:
/// 1. name and file are checked against their grammar, 2. the window is found or opened, 3. playlists wait for the first segment if they must,
/// 4. the body is written from shared bytes, under a lease where it is media.
/// </summary>
public sealed class HlsEndpoint(
    LiveWindows windows, GatewayMetrics metrics, IOptions<HlsOptions> hls, IOptions<EdgeOptions> edge, TimeProvider time)
{
    const string PlaylistType = "application/vnd.apple.mpegurl";
    static readonly TimeSpan GoneAge = TimeSpan.FromMinutes(1);
    static readonly TimeSpan MissingAge = TimeSpan.FromSeconds(1);

    int _waiting;

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
                await Answers.Missing(context, MissingAge, "There is nothing here. A stream's playlist is /live/NAME/master.m3u8.");
                return;
            }

            // 2. Window.
            kind = request.Kind;
            await Answer(context, name!, request);
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

    async Task Answer(HttpContext context, string name, HlsRequest request)
    {
        var (outcome, window) = await windows.Open(name);
        if (outcome == WindowOutcome.Open && window!.Window.View.Closed)
        {
            (outcome, window) = await windows.Open(name);   // it was let go in this very moment
        }

        await (outcome switch
        {
            WindowOutcome.Open => Answer(context, window!, request),
            WindowOutcome.OffAir => Answers.Missing(context, MissingAge, $"Stream '{name}' is not on air."),
            WindowOutcome.LimitReached => Answers.Busy(context, "This gateway follows as many streams as it may (Gateway:Hls:MaxWindows)."),
            _ => Answers.Busy(context, "The cluster does not answer right now."),
        });
    }

    Task Answer(HttpContext context, OpenWindow window, HlsRequest request) => request.Kind switch
    {
        HlsKind.Master or HlsKind.Playlist => AnswerPlaylist(context, window, request),
        HlsKind.Init => AnswerInit(context, window, request),
        _ => AnswerSegment(context, window, request),
    };

    // 3. A playlist is held while nothing is listed yet, for a bounded time.
    async Task AnswerPlaylist(HttpContext context, OpenWindow window, HlsRequest request)
    {
        var (view, text) = Look(window, request);
        if (text is null && !view.IsReady && Interlocked.Increment(ref _waiting) is var waiting)
        {
            try
            {
                if (waiting <= hls.Value.MaxWaiting)
                {
                    (view, text) = await WaitForFirst(context, window, request);
                }
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }

        if (text is null)
        {
            await Answers.Missing(context, MissingAge, WhyNothing(window, view));
            return;
        }

        if (request.Kind == HlsKind.Playlist && (request.Video == 1 || view.Leading?.Kind == TrackKind.Audio))
        {
            window.CountReload();
        }

        var age = hls.Value.PlaylistMaxAge > TimeSpan.Zero ? hls.Value.PlaylistMaxAge : TimeSpan.FromSeconds(view.TargetDuration) / 2;
        await WritePlaylist(context, text, age);
    }

    async Task<(WindowView View, PlaylistText? Text)> WaitForFirst(HttpContext context, OpenWindow window, HlsRequest request)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var changed = window.Window.Changed;
            var (view, text) = Look(window, request);
            var left = hls.Value.FirstSegmentWait - time.GetElapsedTime(started);
            if (text is not null || view.IsReady || view.Closed || left <= TimeSpan.Zero)
            {
                return (view, text);
            }

            try
            {
                await changed.WaitAsync(left, time, context.RequestAborted);
            }
            catch (TimeoutException)
            {
                // Looks once more.
            }
        }
    }

    static (WindowView View, PlaylistText? Text) Look(OpenWindow window, HlsRequest request)
    {
        var view = window.Window.View;
        return (view, request.Kind == HlsKind.Master
            ? window.Playlists.Master(view, request.Form)
            : window.Playlists.Media(view, request.Form, request.Video, request.Audio));
    }

    static string WhyNothing(OpenWindow window, WindowView view)
    {
        if (view.IsReady)
        {
            return "The stream has no such rendition, or this form cannot carry its codecs.";
        }

        return view.Tracks.Count > 0
            ? $"Stream '{window.Stream}' has begun; its first segment is not complete yet."
            : $"Stream '{window.Stream}' has a publisher, but no key frame came from it yet.";
    }

    async Task WritePlaylist(HttpContext context, PlaylistText text, TimeSpan age)
    {
        var gzip = Answers.AcceptsGzip(context.Request);
        var (tag, bytes) = gzip ? (text.GzipETag, text.Gzip) : (text.ETag, text.Plain);
        var headers = context.Response.Headers;
        headers.CacheControl = Answers.MaxAge(age);
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.ETag = tag;
        if (Answers.IsKnown(context.Request, tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        if (gzip)
        {
            headers.ContentEncoding = "gzip";
        }

        context.Response.ContentType = PlaylistType;
        await Write(context, bytes);
    }

    async Task AnswerInit(HttpContext context, OpenWindow window, HlsRequest request)
    {
        var view = window.Window.View;
        if (TrackOf(view, request) is not { } track || view.Init(track, request.Init) is not { } init)
        {
            await Answers.Missing(context, MissingAge, "No segment of this stream needs this initialization section.");
            return;
        }

        context.Response.ContentType = TypeOf(request);
        context.Response.Headers.CacheControl = Answers.MaxAge(SegmentAge(view));
        await Write(context, init.Bytes);
    }

    // 4. Media.
    async Task AnswerSegment(HttpContext context, OpenWindow window, HlsRequest request)
    {
        var view = window.Window.View;
        var (video, audio) = (view.Find(TrackKind.Video, request.Video), view.Find(TrackKind.Audio, request.Audio));
        if ((video is null) != (request.Video == 0) || (audio is null) != (request.Audio == 0))
        {
            await Answers.Missing(context, MissingAge, "The stream has no such rendition.");
            return;
        }

        SegmentBody? body = null;
        var found = request.Form == HlsForm.Cmaf
            ? view.TryOpenCmaf((video ?? audio)!, request.Msn, out body)
            : window.Playlists.CarriesTs(video, audio) ? view.TryOpenTs(video, audio, request.Msn, out body) : SegmentLookup.Nothing;
        switch (found)
        {
            case SegmentLookup.NotYet:
                await Answers.Missing(context, MissingAge, $"Segment {request.Msn} does not exist yet.");
                break;
            case SegmentLookup.Gone:
                await Answers.Gone(context, GoneAge, $"Segment {request.Msn} has left the window.");
                break;
            case SegmentLookup.Nothing:
                await Answers.Missing(context, MissingAge, $"Segment {request.Msn} is a gap in this rendition.");
                break;
            default:
                using (body)
                {
                    context.Response.ContentType = TypeOf(request);
                    context.Response.Headers.CacheControl = Answers.MaxAge(SegmentAge(view));
                    metrics.Sent(await BodyWriter.Write(context, body!));
                }

                break;
        }
    }

    async Task Write(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
            metrics.Sent(bytes.Length);
        }
    }

    static TrackView? TrackOf(WindowView view, HlsRequest request) =>
        request.Video > 0 ? view.Find(TrackKind.Video, request.Video) : view.Find(TrackKind.Audio, request.Audio);

    static string TypeOf(HlsRequest request) => request.Form == HlsForm.Ts ? "video/mp2t" : request.Video > 0 ? "video/mp4" : "audio/mp4";

    TimeSpan SegmentAge(WindowView view)
    {
        if (hls.Value.SegmentMaxAge > TimeSpan.Zero)
        {
            return hls.Value.SegmentMaxAge;
        }

        var listed = TimeSpan.FromSeconds(Math.Max(hls.Value.Window.Window.TotalSeconds, 3 * view.TargetDuration));
        return 2 * listed;
    }
}
