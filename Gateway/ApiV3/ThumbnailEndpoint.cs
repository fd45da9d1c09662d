using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// The picture of an entry: <c>/p/PARTNER/sp/PARTNER00/thumbnail/entry_id/ENTRY/…</c>. It is the one that was uploaded, as it is: nothing here scales or
/// cuts pictures, or takes them from a video, so width, height and time are not heeded.
/// </summary>
sealed class ThumbnailEndpoint(IObjectStore store, ContentStore content)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/p/{partner:int}/sp/{subpartner}/thumbnail/{**rest}", ["GET", "HEAD"], Answer);
        endpoints.MapMethods("/p/{partner:int}/thumbnail/{**rest}", ["GET", "HEAD"], Answer);
    }

    async Task Answer(HttpContext context)
    {
        var request = ManifestRequest.Read((string?)context.Request.RouteValues["rest"] ?? "", context.Request.Query);
        var entry = request.Text("entry_id") is { Length: > 0 } id ? await store.Read(EntryStore.Kind, id) : null;
        context.Response.Headers.AccessControlAllowOrigin = "*";
        if (entry is null || await PictureOf(entry.Value) is not { Length: > 0 } name)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.Headers["X-Kaltura-App"] = $"exiting on error {(entry is null ? 1 : 6)} - {(entry is null ? "entry not found" : "no picture")}";
            context.Response.Headers["X-Kaltura"] = entry is null ? "error-1" : "error-6";
            context.Response.Headers.CacheControl = "public, max-age=10";
            context.Response.ContentLength = 0;
            return;
        }

        context.Response.Headers.CacheControl = "public, max-age=10";
        await FileAnswer.Write(context, new ServedFile(PictureFacts.ContentType(Path.GetExtension(name).TrimStart('.')), Path: content.PathOf(name)));
    }

    // The default of its pictures, else the one of its own.
    async Task<string> PictureOf(PlatformObject entry)
    {
        var asset = entry.Text("_thumbAsset") is { Length: > 0 } id ? await store.Read(EntryStore.AssetKind, id) : null;
        return asset is not null && content.Exists(asset.Value.Text("_file")) ? asset.Value.Text("_file")
            : content.Exists(entry.Text("_thumbnail")) ? entry.Text("_thumbnail") : "";
    }
}
