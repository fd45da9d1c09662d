using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Vod;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Playback;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// Where an entry is played from: <c>/p/PARTNER/sp/PARTNER00/playManifest/…</c>. Of a live entry that is on air the way to its
/// node's own master; of a clip the way to the packager, or the file itself. What cannot be played is 404 with a number in the head.
/// </summary>
sealed partial class PlayManifestEndpoint(
    IObjectStore store, PlatformApi api, AccessRules rules, ContentStore content, EntryTickets tickets, IOptions<PlatformOptions> options, TimeProvider time, IGrainFactory grains,
    ILogger<PlayManifestEndpoint> log)
{
    const int NotFound = 1, Refused = 3, BadFlavor = 6, BadKs = 7, BadType = 12, Missing = 20, BadFormat = 25, ExpiredToken = 28, NotLive = 36, NoAddress = 52;

    /// <summary>By the name of a format: the packager, and the file that a player opens.</summary>
    static readonly Dictionary<string, (string Packager, string File)> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["applehttp"] = ("hls", "master.m3u8"), ["hls"] = ("hls", "master.m3u8"), ["applehttp_to_mc"] = ("hls", "master.m3u8"), ["mpegdash"] = ("dash", "manifest.mpd"),
        ["hds"] = ("hds", "manifest.f4m"), ["sl"] = ("mss", "manifest"), ["url"] = ("", ""), ["download"] = ("", ""), ["http"] = ("", ""),
    };

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/p/{partner:int}/sp/{subpartner}/playManifest/{**rest}", ["GET", "HEAD"], Answer);
        endpoints.MapMethods("/p/{partner:int}/playManifest/{**rest}", ["GET", "HEAD"], Answer);
        endpoints.MapMethods("/p/{partner:int}/sp/{subpartner}/serveFlavor/entryId/{entry}/flavorId/{flavor}/{**rest}", ["GET", "HEAD"], Serve);
    }

    async Task Answer(HttpContext context)
    {
        var request = ManifestRequest.Read((string?)context.Request.RouteValues["rest"] ?? "", context.Request.Query);
        context.Response.Headers.AccessControlAllowOrigin = "*";
        try
        {
            await Answer(context, request);
        }
        catch (ManifestErrorException error)
        {
            Fail(context, error, request);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)   // of the store or of silos
        {
            LogFailed(exception.Message);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.CacheControl = "no-store";
        }
    }

    async Task Answer(HttpContext context, ManifestRequest request)
    {
        // 1. What is asked for, and whether it may be.
        var id = request.Text("entryId");
        var entry = (id.Length > 0 ? await store.Read(EntryStore.Kind, id) : throw new ManifestErrorException(Missing, "entryId is missing"))
            ?? throw new ManifestErrorException(NotFound, "entry not found");
        if (entry.Partner != int.Parse((string)context.Request.RouteValues["partner"]!, CultureInfo.InvariantCulture))
        {
            throw new ManifestErrorException(NotFound, "entry not found");
        }

        if (!Formats.TryGetValue(request.Text("format", "applehttp"), out var format))
        {
            throw new ManifestErrorException(BadFormat, "unknown format");
        }

        if (request.Number("expiry") is { } expiry && expiry < time.GetUtcNow().ToUnixTimeSeconds())
        {
            throw new ManifestErrorException(ExpiredToken, "expired");
        }

        var caller = await CallerOf(context, request);
        var viewer = new Viewer(caller, Ip(context), PlaybackService.Referrer(request.Text("referrer"), context.Request.Headers.Referer.ToString()), context.Request.Headers.UserAgent.ToString(), "");
        var verdict = await rules.Judge(entry.Value, viewer);
        if (verdict.Blocked)
        {
            throw new ManifestErrorException(Refused, "access control");
        }

        // 2. Where it is.
        if (EntryView.IsLive(entry.Value))
        {
            await Live(context, request, entry, format, caller);
        }
        else if (entry.Value.Text("type") == "1")
        {
            await Clip(context, request, entry, format, viewer, verdict);
        }
        else
        {
            throw new ManifestErrorException(BadType, "entry type");
        }
    }

    async Task<Caller> CallerOf(HttpContext context, ManifestRequest request)
    {
        try
        {
            return await request.CallerOf(context, api);
        }
        catch (PlatformException)
        {
            throw new ManifestErrorException(BadKs, "invalid ks");
        }
    }

    internal static string Ip(HttpContext context) => context.Connection.RemoteIpAddress is not { } address ? ""
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString() : address.ToString();

    static string Base(HttpContext context) => $"{context.Request.Scheme}://{context.Request.Host.Value}";

    static void Redirect(HttpContext context, string address, TimeSpan age, bool isPrivate = false)
    {
        context.Response.Redirect(address);
        context.Response.Headers.CacheControl = isPrivate ? "no-store" : $"public, max-age={(int)age.TotalSeconds}";
    }

    // What can be otherwise soon is not remembered for long: a viewer who comes too early must not wait a minute after the start.
    static void Fail(HttpContext context, ManifestErrorException error, ManifestRequest? request)
    {
        context.Response.StatusCode = request?.Text("format") == "applehttp_to_mc" ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        context.Response.Headers["X-Kaltura-App"] = $"exiting on error {error.Number} - {error.Message}";
        context.Response.Headers["X-Kaltura"] = $"error-{error.Number}";
        context.Response.Headers.CacheControl = error.Number switch { Refused or BadKs => "no-store", NotLive => "public, max-age=2", _ => "public, max-age=60" };
        context.Response.ContentLength = 0;
    }

    [LoggerMessage(LogLevel.Warning, "A manifest could not be made: {Why}")]
    partial void LogFailed(string why);
}
