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
using Tributary.Grains.Platform.Outside;
using Tributary.Grains.Platform.Playback;
using Tributary.Grains.Platform.Services;
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

    async Task Live(HttpContext context, ManifestRequest request, StoredObject entry, (string Packager, string File) format, Caller caller)
    {
        if (!EntryView.IsOurs(entry.Value.Text("sourceType")))
        {
            var address = OtherServers.AddressOf(entry.Value, request.Text("format", "applehttp")) ?? throw new ManifestErrorException(NoAddress, "live configuration not found");
            Redirect(context, address.AbsoluteUri, TimeSpan.FromSeconds(60));
            return;
        }

        // A stream that is over has a recording that is not.
        var state = await grains.GetGrain<ILiveEntryGrain>(entry.Id).State();
        var preview = entry.Value.Truth("explicitLive") && state.ViewMode != 1 && !(caller.IsAdmin || caller.Rights.Allows("edit", entry.Id));
        var rows = state.Rows.Where(row => row.Status == LiveStatus.Playable && !preview && (request.Number("streamType") is not { } wanted || row.Index == wanted)).OrderBy(row => row.Index).ToList();
        if (rows.Count == 0)
        {
            var recorded = state.RedirectEntry.Length > 0 ? await store.Read(EntryStore.Kind, state.RedirectEntry) : null;
            if (recorded?.Value.Text("status") == "2" && !preview)
            {
                Redirect(context, $"{Base(context)}/p/{entry.Partner}/sp/{entry.Partner}00/playManifest/entryId/{recorded.Id}/format/{request.Text("format", "applehttp")}/protocol/{context.Request.Scheme}/a", TimeSpan.FromSeconds(5));
                return;
            }

            throw new ManifestErrorException(NotLive, "not live");
        }

        foreach (var row in rows)
        {
            if (await Master(context, entry.Id, row, format) is { } url)
            {
                Redirect(context, url, TimeSpan.FromSeconds(2));
                return;
            }
        }

        throw new ManifestErrorException(BadFormat, "the media server has no such format");
    }

    /// <summary>The node's own master. Our nodes serve live entries under their ids; of others what their registration says.</summary>
    async Task<string?> Master(HttpContext context, string entry, LiveRow row, (string Packager, string File) format)
    {
        var node = await store.Read(MediaServerNodes.Kind, Objects.Id(row.ServerNode));
        if (node?.Value.Text("type") == "wowza.WOWZA_MEDIA_SERVER" && format.Packager == "hls")
        {
            var (scheme, port) = (node.Value.Text("liveServiceProtocol", "http"), node.Value.Long("liveServicePort", 1_935));
            return $"{scheme}://{row.Host}:{port}/{row.Application}/smil:{entry}_all.smil/playlist.m3u8?DVR";
        }

        var places = node?.Value.Objects("mediaServerPlaybackDomainConfig").Where(pair => pair.Text("value").Length > 0).ToList() ?? [];
        var place = places.Find(pair => pair.Text("key") == context.Request.Scheme) ?? places.FirstOrDefault();
        return format.Packager is "hls" or "dash" ? $"{(place is null ? Base(context) : $"{place.Text("key")}://{place.Text("value")}")}/live/{entry}/{format.File}" : null;
    }

    async Task Clip(HttpContext context, ManifestRequest request, StoredObject entry, (string Packager, string File) format, Viewer viewer, AccessVerdict verdict)
    {
        var assets = await AssetsOf(entry.Id);
        var chosen = Choose(PlaybackService.Limit(assets, verdict), request).OrderByDescending(asset => asset.Long("bitrate")).ToList();
        if (chosen.Count == 0)
        {
            throw new ManifestErrorException(BadFlavor, "no flavor");
        }

        if (format.Packager.Length > 0)
        {
            var location = options.Value.VodLocation.Length > 0 ? options.Value.VodLocation : throw new ManifestErrorException(BadFormat, "no packager is configured for files (Platform:VodLocation)");
            var flavors = chosen.Count < assets.Count ? string.Join(',', chosen.Select(asset => asset.Text("id"))) : "";
            var selection = (flavors.Length > 0 ? $"/flavors/{flavors}" : "") + await Ticket(entry, flavors, viewer);
            var path = location.Replace("{packager}", format.Packager, StringComparison.Ordinal).Replace("{entry}", entry.Id, StringComparison.Ordinal).Replace("{selection}", selection, StringComparison.Ordinal);
            Redirect(context, $"{Base(context)}{path}/{format.File}", TimeSpan.FromSeconds(60), isPrivate: selection.Contains("/ticket/", StringComparison.Ordinal));
            return;
        }

        Redirect(context, $"{Base(context)}/p/{entry.Partner}/sp/{entry.Partner}00/serveFlavor/entryId/{entry.Id}/flavorId/{chosen[0].Text("id")}/name/a.{chosen[0].Text("fileExt", "mp4")}", TimeSpan.FromSeconds(60));
    }

    async Task<List<PlatformObject>> AssetsOf(string entry) =>
        [.. (await store.All(EntryStore.AssetKind, null, Test.Equal("entryId", entry))).Select(asset => asset.Value).Where(asset => asset.Type == "FlavorAsset" && asset.Long("status") == 2)];

    // The packager does not know the session: whom only that let in carries a ticket.
    async Task<string> Ticket(StoredObject entry, string flavors, Viewer viewer)
    {
        var needed = !viewer.Caller.IsAnonymous && (await rules.Judge(entry.Value, viewer with { Caller = Caller.Anonymous })).Blocked;
        return needed ? $"/ticket/{tickets.Write(entry.Id, flavors)}" : "";
    }

    static IEnumerable<PlatformObject> Choose(IEnumerable<PlatformObject> assets, ManifestRequest request)
    {
        var (ids, flavors, tags) = (request.List("flavorId", "flavorIds"), request.List("flavorParamId", "flavorParamIds"), request.List("tags"));
        return assets.Where(asset =>
            (ids.Length == 0 || ids.Contains(asset.Text("id"))) && (flavors.Length == 0 || flavors.Contains(asset.Text("flavorParamsId")))
            && (tags.Length == 0 || tags.Contains("all") || tags.Intersect(asset.Words("tags")).Any())
            && (request.Number("minBitrate") is not { } least || asset.Long("bitrate") >= least) && (request.Number("maxBitrate") is not { } most || asset.Long("bitrate") <= most));
    }

    // A file that was uploaded whole. A recording of several pieces is no one file; it is for the packager.
    async Task Serve(HttpContext context)
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        var (entry, flavor) = ((string)context.Request.RouteValues["entry"]!, (string)context.Request.RouteValues["flavor"]!);
        var (asset, of) = (await store.Read(EntryStore.AssetKind, flavor), await store.Read(EntryStore.Kind, entry));
        var verdict = of is null ? AccessVerdict.Free : await rules.Judge(of.Value, new Viewer(Caller.Anonymous, Ip(context), context.Request.Headers.Referer.ToString(), context.Request.Headers.UserAgent.ToString(), ""));
        var whole = asset is not null && asset.Value.Text("entryId") == entry && asset.Value.Objects("_pieces").Count() <= 1 && content.Exists(asset.Value.Text("_file"));
        if (!whole || verdict.Blocked)
        {
            Fail(context, new ManifestErrorException(verdict.Blocked ? Refused : BadFlavor, "no such file"), null);
            return;
        }

        context.Response.Headers.CacheControl = "public, max-age=60";
        await FileAnswer.Write(context, new ServedFile("video/mp4", Path: content.PathOf(asset!.Value.Text("_file"))));
    }

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

/// <summary>Why there is no manifest: a number of the platform, and words for the head of the answer.</summary>
sealed class ManifestErrorException(int number, string message) : Exception(message)
{
    public int Number => number;
}
