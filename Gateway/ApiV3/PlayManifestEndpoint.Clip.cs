using Microsoft.AspNetCore.Http;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Playback;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Gateway.ApiV3;

// Clips: the way to the packager, or the file itself.
sealed partial class PlayManifestEndpoint
{
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
}
