using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Access;
using Tributary.Gateway.Live;
using Tributary.Gateway.Recorded;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Api;

/// <summary>The operations API: streams and nodes, for people and programs. Answers may be <see cref="EdgeOptions.StateAge"/> old.</summary>
sealed partial class ApiEndpoints(
    StreamDirectory directory, LiveWindows windows, IGrainFactory grains, RecordedEndpoint recorded, AdminAccess access, PlayGate gate,
    ViewerAddress addresses, IOptions<EdgeOptions> options, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/streams", context => Guard(context, () => Streams(context)));
        endpoints.MapGet("/api/v1/streams/{name}", context => Guard(context, () => Stream(context)));
        MapNodes(endpoints);
        MapPulls(endpoints);
        MapRecordings(endpoints);
        endpoints.Map("/api/v1/{**rest}", context => Fail(context, 404, "Not found", "The operations API has no such resource."));
    }

    // Private streams are listed to those who may command.
    async Task Streams(HttpContext context)
    {
        var seesAll = access.Allows(context);
        var streams = (await directory.List()).Where(stream => seesAll || !gate.IsPrivate(stream.Name));
        await Json(context, [.. streams.Select(Item)], ApiJson.Default.IReadOnlyListStreamItem);
    }

    async Task Stream(HttpContext context)
    {
        var name = context.Request.RouteValues["name"] as string;
        if (!StreamName.IsValid(name))
        {
            await Fail(context, 404, "Not found", "A stream's name is a letter or digit and up to 127 letters, digits, '.', '_' and '-'.");
            return;
        }

        if (gate.IsPrivate(name!) && !access.Allows(context) && !await MayPlay(context, name!))
        {
            await Json(context, Detail(Nobody(name!), null), ApiJson.Default.StreamDetail);   // as one that was never published
            return;
        }

        await Json(context, Detail(await directory.Describe(name!), windows.Find(name!)), ApiJson.Default.StreamDetail);
    }

    async ValueTask<bool> MayPlay(HttpContext context, string name) => (await gate.Admit(
        new PlayRequest(name, addresses.Of(context), "api", context.Request.QueryString.Value ?? "", context.Request.Headers.Authorization.ToString(),
            context.Request.Headers.UserAgent.ToString()),
        watches: false)).Decision.Granted;

    static LiveStreamDescription Nobody(string name) => new()
    {
        Name = name, State = StreamState.OffAir, Since = default, Epoch = 0, NextMsn = 0, DiscontinuitySequence = 0,
    };

    // Everything that a handler may meet becomes one problem document.
    static async Task Guard(HttpContext context, Func<Task> handler)
    {
        try
        {
            await handler();
        }
        catch (StreamDirectoryException exception)
        {
            await Fail(context, 503, "Unavailable", exception.Message);
        }
    }

    /// <summary>A handler that changes something: only for those who may command.</summary>
    async Task Command(HttpContext context, Func<Task> handler)
    {
        if (access.Refusal(context) is { } refusal)
        {
            await Fail(context, refusal.Status, refusal.Title, refusal.Detail);
            return;
        }

        await Guard(context, handler);
    }

    static StreamItem Item(StreamListing listing) => new(
        listing.Name, listing.State, listing.Since, listing.Node, [.. listing.Tracks.Select(Item)], PageOf(listing.Name), HlsOf(listing.Name));

    static TrackItem Item(TrackSummary track) => new(
        track.Id, track.Codec, track.CodecString, Known(track.Width), Known(track.Height),
        track.MilliFramesPerSecond > 0 ? track.MilliFramesPerSecond / 1_000.0 : null, Known(track.SampleRate), Known(track.Channels));

    static StreamDetail Detail(LiveStreamDescription stream, OpenWindow? window) => new(
        stream.Name, stream.State, stream.Since, stream.Epoch, stream.NextMsn, stream.DiscontinuitySequence, stream.LastEnd?.ToString(), stream.Viewers,
        stream.Owner, StreamReasons.WhyOnAir(stream), [.. stream.Slots.Select(Item)], window is null ? null : Item(window), PageOf(stream.Name),
        HlsOf(stream.Name), stream.LastSwitch is { } last ? Item(last) : null, stream.TransferTo.Length > 0 ? stream.TransferTo : null);

    static SwitchItem Item(StreamSwitch last) => new(
        last.Reason, last.At, last.Slot, last.Node, last.FromNode, last.FirstMsn, last.Aligned, last.Gaps, Math.Round(last.Took.TotalMilliseconds, 1));

    static SourceItem Item(SlotDescription slot) => new(
        slot.Slot, slot.OnAir, slot.Since, slot.Request.Node, slot.Health.Bitrate, slot.Health.Frames, slot.Health.Dropped, slot.Health.Mended,
        Seconds(slot.Health.SinceKeyFrame), Seconds(slot.Health.Silence), slot.Health.HasBFrames, Seconds(slot.Health.KeyFrameInterval),
        [.. slot.Health.Tracks.Select(Item)], slot.Fault, slot.Ready, slot.Aligned);

    static WindowItem Item(OpenWindow window)
    {
        var view = window.View;
        var listed = view.Tracks.Where(track => track.End > track.First).ToDictionary(track => track.Name, track => new[] { track.First, track.End - 1 });
        var refused = view.Drops.Configuration + view.Drops.SegmentTooLarge + view.Drops.TooManyTracks;
        return new WindowItem(window.OpenedAt, view.TargetDuration, Name(view.Pause), listed, view.Drops.Late, refused, window.Playlists.Renders);
    }

    static string? Name(WindowPause? pause) => pause?.ToString();

    static int? Known(int value) => value > 0 ? value : null;

    static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 3);

    static string PageOf(string stream) => $"/live/{stream}";

    static string HlsOf(string stream) => $"/live/{stream}/master.m3u8";

    internal static Task Json<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    internal static Task Fail(HttpContext context, int status, string title, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        context.Response.Headers.CacheControl = "no-store";
        var problem = new Problem("about:blank", title, status, detail);
        return JsonSerializer.SerializeAsync(context.Response.Body, problem, ApiJson.Default.Problem, context.RequestAborted);
    }
}
