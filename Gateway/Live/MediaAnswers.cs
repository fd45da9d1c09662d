using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Metrics;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;
using Tributary.Media.Packaging.Smooth;

namespace Tributary.Gateway.Live;

/// <summary>
/// Initialization sections, segments and parts of a window. A part that a playlist hints at is waited for and then sent at once, but for the first sound of
/// a source (<see cref="HlsOptions.PictureLead"/>); the segment that is being cut is sent part by part, as low-latency DASH asks for it (DASH-IF Low-Latency
/// Modes §9).
/// </summary>
public sealed class MediaAnswers(WaitLimit waits, GatewayMetrics metrics, IOptions<HlsOptions> hls, TimeProvider time)
{
    // A player that was told of two fragments ahead may ask for the second of them: it is there after as many segments, and served after two more.
    const int SmoothWaits = 4;

    static readonly TimeSpan GoneAge = TimeSpan.FromMinutes(1);

    internal Task Answer(HttpContext context, OpenWindow window, HlsRequest request)
    {
        var view = window.View;
        var (video, audio) = (view.Find(TrackKind.Video, request.Video), view.Find(TrackKind.Audio, request.Audio));
        if ((video is null) != (request.Video == 0) || (audio is null) != (request.Audio == 0) || (video is not null && audio is not null && video.Rendition != audio.Rendition))
        {
            return Answers.Missing(context, Answers.Briefly, "The stream has no such rendition.");
        }

        context.Response.ContentType = request.Form == HlsForm.Ts ? "video/mp2t" : video is null ? "audio/mp4" : "video/mp4";
        return request switch
        {
            { Kind: HlsKind.Init } => AnswerInit(context, view, (video ?? audio)!, request.Init),
            { Kind: HlsKind.Part } => AnswerPart(context, window, (video ?? audio)!, request),
            { Form: HlsForm.Ts } => AnswerTs(context, window, video, audio, request.Msn),
            _ => AnswerCmaf(context, window, (video ?? audio)!, request),
        };
    }

    internal async Task AnswerSmooth(HttpContext context, OpenWindow window, SmoothRequest request)
    {
        var kind = request.IsVideo ? TrackKind.Video : TrackKind.Audio;
        var view = window.View;
        if (view.Find(kind, request.Track) is not { } track || !view.Offered.Contains(track))
        {
            await Answers.Missing(context, Answers.Briefly, "The stream has no such quality.");
            return;
        }

        context.Response.ContentType = request.IsVideo ? "video/mp4" : "audio/mp4";
        var found = SmoothFragment.TryOpen(view, track, request.Time, out var body, out var wait);
        var place = new EdgePlace(request.IsVideo ? request.Track : 0, request.IsVideo ? 0 : request.Track, wait, -1);
        for (var tries = 0; found == SegmentLookup.NotYet && tries < SmoothWaits && !place.IsTooFar(view) && waits.TryEnter(); tries++)
        {
            view = await Wait(context, window, place) ?? window.View;
            if (view.Find(kind, request.Track) is not { } now)
            {
                break;
            }

            found = SmoothFragment.TryOpen(view, now, request.Time, out body, out wait);
            place = place with { Msn = wait };
        }

        await Answer(context, view, found, body, $"Fragment {request.Time}");
    }

    async Task AnswerInit(HttpContext context, WindowView view, TrackView track, ulong number)
    {
        if (view.Init(track, number) is not { } init)
        {
            await Answers.Missing(context, Answers.Briefly, "No segment of this stream needs this initialization section.");
            return;
        }

        context.Response.Headers.CacheControl = Age(view);
        metrics.Sent(await BodyWriter.Write(context, init.Bytes));
    }

    Task AnswerTs(HttpContext context, OpenWindow window, TrackView? video, TrackView? audio, long msn)
    {
        SegmentBody? body = null;
        var view = window.View;
        var found = window.Playlists.CarriesTs(video, audio) ? view.TryOpenTs(video, audio, msn, out body) : SegmentLookup.Nothing;
        return Answer(context, view, found, body, $"Segment {msn}");
    }

    Task AnswerCmaf(HttpContext context, OpenWindow window, TrackView track, HlsRequest request)
    {
        var view = window.View;
        var found = view.TryOpenCmaf(track, request.Msn, out var body);
        return found == SegmentLookup.NotYet && request.Msn == track.End && view.Pause is null
            ? AnswerOpen(context, window, request)
            : Answer(context, view, found, body, $"Segment {request.Msn}");
    }

    async Task AnswerPart(HttpContext context, OpenWindow window, TrackView track, HlsRequest request)
    {
        var view = window.View;
        await LetPicturesLead(context, view, track, request);
        var found = view.TryOpenPart(track, request.Msn, request.Part, out var body);
        var place = new EdgePlace(request.Video, request.Audio, request.Msn, request.Part);
        if (found == SegmentLookup.NotYet && !place.IsTooFar(view))
        {
            if (!waits.TryEnter())
            {
                await Answers.Busy(context, "As many requests wait here as may (Gateway:Hls:MaxWaiting).");
                return;
            }

            view = await Wait(context, window, place) ?? window.View;
            if (place.TrackOf(view) is { } now)
            {
                await LetPicturesLead(context, view, now, request);
                found = view.TryOpenPart(now, request.Msn, request.Part, out body);
            }
        }

        await Answer(context, view, found, body, $"Part {request.Part} of segment {request.Msn}");
    }

    Task LetPicturesLead(HttpContext context, WindowView view, TrackView track, HlsRequest request) =>
        BeginsSound(view, track, request) ? Task.Delay(hls.Value.PictureLead, time, context.RequestAborted) : Task.CompletedTask;

    // The first sound of a source at the live edge, whose pictures are fetched at the same moment.
    static bool BeginsSound(WindowView view, TrackView track, HlsRequest request) =>
        request is { Part: 0, Video: 0 } && (request.Msn == track.End - 1 || (request.Msn == track.End && track.Parts.Length > 0))
        && view.Segment(view.CarrierOf(track, request.Msn), request.Msn)?.Mark is { StartsDiscontinuity: true }
        && view.Offered.Any(static other => other.Kind == TrackKind.Video);

    // Whatever was sent stays true: a number has one content. Where its source is lost within, what was sent is all that there will be, and nobody lists it;
    // where the rest only does not come in time the connection ends, so that no cache keeps a half.
    async Task AnswerOpen(HttpContext context, OpenWindow window, HlsRequest request)
    {
        for (var part = 0; ; part++)
        {
            var place = new EdgePlace(request.Video, request.Audio, request.Msn, part, OrOver: true);
            var view = window.View;
            if (!place.IsReached(view) && waits.TryEnter())
            {
                view = await Wait(context, window, place) ?? window.View;
            }

            if (part > 0 && place.IsOver(view))
            {
                return;
            }

            SegmentBody? body = null;
            var found = place.TrackOf(view) is { } track ? view.TryOpenPart(track, request.Msn, part, out body) : SegmentLookup.Gone;
            if (found != SegmentLookup.Found && part > 0)
            {
                context.Abort();
                return;
            }

            if (found != SegmentLookup.Found)
            {
                await Answer(context, view, found, body, $"Segment {request.Msn}");
                return;
            }

            using (body)
            {
                if (part == 0)
                {
                    context.Response.Headers.CacheControl = Age(view);
                }

                if (HttpMethods.IsHead(context.Request.Method))
                {
                    return;
                }

                metrics.Sent(await BodyWriter.WritePieces(context, body!));
            }
        }
    }

    // After WaitLimit.TryEnter.
    async Task<WindowView?> Wait(HttpContext context, OpenWindow window, EdgePlace place)
    {
        var since = Stopwatch.GetTimestamp();
        try
        {
            return await window.Edge.Reach(place).WaitAsync(context.RequestAborted);
        }
        finally
        {
            waits.Leave(since);
        }
    }

    async Task Answer(HttpContext context, WindowView view, SegmentLookup found, SegmentBody? body, string what)
    {
        using (body)
        {
            switch (found)
            {
                case SegmentLookup.NotYet:
                    await Answers.Missing(context, Answers.Briefly, $"{what} does not exist yet.");
                    break;
                case SegmentLookup.Gone:
                    await Answers.Gone(context, GoneAge, $"{what} has left the window.");
                    break;
                case SegmentLookup.Nothing:
                    await Answers.Missing(context, Answers.Briefly, $"{what} is a gap in this rendition.");
                    break;
                default:
                    context.Response.Headers.CacheControl = Age(view);
                    metrics.Sent(await BodyWriter.Write(context, body!));
                    break;
            }
        }
    }

    string Age(WindowView view) => Answers.Immutable(hls.Value.SegmentMaxAge > TimeSpan.Zero
        ? hls.Value.SegmentMaxAge
        : 2 * TimeSpan.FromSeconds(Math.Max(hls.Value.Window.Window.TotalSeconds, 3 * view.TargetDuration)));
}
