using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Tributary.Gateway.Access;
using Tributary.Gateway.Metrics;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>
/// Playlists of a window, at once or when they have what the player asks for (RFC 8216bis §6.2.5.2): 1. the delivery directives are read,
/// 2. while nothing is listed at all the request waits for the first segment, 3. a place that is not listed yet is waited for, 4. the text, made once
/// for everybody, is written.
/// </summary>
public sealed class PlaylistAnswers(WaitLimit waits, GatewayMetrics metrics, IOptions<HlsOptions> hls, TimeProvider time)
{
    const string PlaylistType = "application/vnd.apple.mpegurl", ManifestType = "application/dash+xml",
        SmoothType = "application/vnd.ms-sstr+xml";

    // What a player may cache of a blocking answer, in target durations, as Apple advises content networks.
    const int BlockingAge = 6;

    // Until then a window may still be filling from the ring of the source's host.
    static readonly TimeSpan Filling = TimeSpan.FromSeconds(2);

    internal async Task Answer(HttpContext context, OpenWindow window, HlsRequest request)
    {
        // 1. Directives.
        if (!ReloadDirectives.TryParse(context.Request.QueryString.Value, out var directives))
        {
            await Answers.Refused(context, Answers.Briefly, "A delivery directive is malformed: _HLS_msn and _HLS_part are numbers, _HLS_skip is YES or v2.");
            return;
        }

        // 2. First segment.
        var (view, text) = await WaitForFirst(context, window, view => Look(view, window, request, directives));
        if (text is null)
        {
            await Answers.Missing(context, Answers.Briefly, WhyNothing(window, view));
            return;
        }

        if (request.Kind == HlsKind.Playlist && directives.Part <= 0 && (request.Video > 0 || view.Leading?.Kind == TrackKind.Audio))
        {
            window.CountReload();
        }

        // 3. Place.
        if (request.Kind == HlsKind.Playlist && directives.Msn >= 0)
        {
            await AnswerPlace(context, window, request, directives, view, text);
            return;
        }

        // 4. Text.
        await Write(context, PlaylistType, text, AgeOf(view));
    }

    /// <summary>The MPD of a window; while nothing is listed at all, the request waits for the first segment.</summary>
    internal async Task AnswerManifest(HttpContext context, OpenWindow window, bool lowLatency)
    {
        var (view, text) = await WaitForFirst(context, window, view => (view, window.Manifests.Manifest(view, lowLatency)));
        await (text is null
            ? Answers.Missing(context, Answers.Briefly, WhyNothing(window, view))
            : Write(context, ManifestType, text, lowLatency ? Answers.Briefly : AgeOf(view)));
    }

    /// <summary>The manifest of a window for Smooth Streaming; while nothing is listed at all, the request waits for the first segments.</summary>
    internal async Task AnswerSmooth(HttpContext context, OpenWindow window)
    {
        var (view, text) = await WaitForFirst(context, window, view => (view, window.Smooth.Manifest(view)));
        await (text is null
            ? Answers.Missing(context, Answers.Briefly, view.IsReady ? "Smooth Streaming carries H.264 and AAC, and its first fragment comes with the third segment." : WhyNothing(window, view))
            : Write(context, SmoothType, text, AgeOf(view)));
    }

    TimeSpan AgeOf(WindowView view) =>
        hls.Value.PlaylistMaxAge > TimeSpan.Zero ? hls.Value.PlaylistMaxAge : TimeSpan.FromSeconds(view.TargetDuration) / 2;

    async Task AnswerPlace(
        HttpContext context, OpenWindow window, HlsRequest request, ReloadDirectives directives, WindowView view, PlaylistText text)
    {
        var place = new EdgePlace(request.Video, request.Audio, directives.Msn, request.Form == HlsForm.Cmaf ? directives.Part : -1);
        var age = TimeSpan.FromSeconds(BlockingAge * view.TargetDuration);
        if (place.IsReached(view))
        {
            await Write(context, PlaylistType, text, age);
            return;
        }

        if (place.IsTooFar(view) && window.Age > Filling)
        {
            await Answers.Refused(context, TimeSpan.FromSeconds(view.TargetDuration), $"Segment {place.Msn} is too far ahead of the live edge.");
            return;
        }

        if (!waits.TryEnter())
        {
            await Answers.Busy(context, "As many requests wait here as may (Gateway:Hls:MaxWaiting).");
            return;
        }

        var since = Stopwatch.GetTimestamp();
        WindowView? reached;
        try
        {
            reached = await window.Edge.Reach(place).WaitAsync(context.RequestAborted);
        }
        finally
        {
            waits.Leave(since);
        }

        if (Look(reached ?? window.View, window, request, directives) is (var now, { } listed) && (reached is not null || now.Pause is not null))
        {
            // A player of a stream whose source is lost sees what there is, and goes on asking.
            await Write(context, PlaylistType, listed, reached is null ? Answers.Briefly : age);
            return;
        }

        await Answers.Busy(context, "Nothing came for three target durations.");
    }

    async Task<(WindowView View, PlaylistText? Text)> WaitForFirst(
        HttpContext context, OpenWindow window, Func<WindowView, (WindowView View, PlaylistText? Text)> look)
    {
        var first = look(window.View);
        if (first.Text is not null || first.View.IsReady)
        {
            return first;
        }

        if (!waits.TryEnter())
        {
            return first;
        }

        var (since, started) = (Stopwatch.GetTimestamp(), time.GetTimestamp());

        try
        {
            while (true)
            {
                var changed = window.Ladder.Changed;
                var (view, text) = look(window.View);
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
        finally
        {
            waits.Leave(since);
        }
    }

    static (WindowView View, PlaylistText? Text) Look(WindowView view, OpenWindow window, HlsRequest request, ReloadDirectives directives) =>
        (view, request.Kind == HlsKind.Master
            ? window.Playlists.Master(view, request.Form)
            : window.Playlists.Media(view, request.Form, request.Video, request.Audio, directives.IsDelta));

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

    Task Write(HttpContext context, string type, PlaylistText text, TimeSpan age) => Write(context, metrics, type, text, age);

    internal static async Task Write(HttpContext context, GatewayMetrics metrics, string type, PlaylistText text, TimeSpan age)
    {
        if (context.Features.Get<TicketFeature>() is { } viewer)
        {
            metrics.Sent(await TicketedPlaylist.Write(context, type, text, age, viewer.Ticket));
            return;
        }

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

        context.Response.ContentType = type;
        metrics.Sent(await BodyWriter.Write(context, bytes));
    }
}
