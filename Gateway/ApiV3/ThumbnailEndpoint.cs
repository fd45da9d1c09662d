using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Gateway.Vod;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Playback;
using Tributary.Grains.Platform.Storage;
using Tributary.Media.Pictures;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// The picture of an entry: <c>/p/PARTNER/sp/PARTNER00/thumbnail/entry_id/ENTRY/width/W/height/H/…</c>, a JPEG. 1. Of its pictures the default one, 2. of a live
/// entry that everybody may see, what is on air, 3. the picture that was uploaded for it, 4. of a clip or a recording the key frame at a time. An address that
/// names times is of the clip itself. Where the machine has no libraries for pictures an uploaded one is served as it is, and nothing is taken from clips.
/// </summary>
sealed class ThumbnailEndpoint(
    IObjectStore store, PlatformApi api, ContentStore content, AccessRules rules, EntryTickets tickets, VodEntries entries, PictureMaker pictures, IGrainFactory grains)
{
    const string ForThumbnails = "3";   // ContextType of the platform

    const int MaxAge = 10;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/p/{partner:int}/sp/{subpartner}/thumbnail/{**rest}", ["GET", "HEAD"], Answer);
        endpoints.MapMethods("/p/{partner:int}/thumbnail/{**rest}", ["GET", "HEAD"], Answer);
    }

    async Task Answer(HttpContext context)
    {
        var request = ManifestRequest.Read((string?)context.Request.RouteValues["rest"] ?? "", context.Request.Query);
        var entry = request.Text("entry_id", request.Text("entryId")) is { Length: > 0 } id ? await store.Read(EntryStore.Kind, id) : null;
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.Headers.CacheControl = $"public, max-age={MaxAge}";
        try
        {
            if (entry is null)
            {
                Fail(context, 1, "entry not found");
            }
            else if (!await TryAnswer(context, request, entry))
            {
                Fail(context, 6, "no picture");
            }
        }
        catch (IOException) when (!context.Response.HasStarted)
        {
            Fail(context, 6, "the clip cannot be read");
        }
        catch (PicturesBusyException)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            (context.Response.Headers.CacheControl, context.Response.Headers.RetryAfter) = ("no-store", "1");
        }
    }

    async Task<bool> TryAnswer(HttpContext context, ManifestRequest request, StoredObject entry)
    {
        var (wish, moments) = (ThumbnailRequest.WishOf(request), ThumbnailRequest.MomentsOf(request));
        var ofClip = !EntryView.IsLive(entry.Value) && moments != default && await OfClip(context, request, entry, moments, wish);
        if (ofClip)
        {
            return true;
        }

        var asset = entry.Value.Text("_thumbAsset") is { Length: > 0 } id ? await store.Read(EntryStore.AssetKind, id) : null;
        if (asset?.Value.Text("_file") is { } chosen && content.Exists(chosen))
        {
            await Uploaded(context, chosen, wish);
            return true;
        }

        if (EntryView.IsLive(entry.Value) && await IsShown(context, entry) && await pictures.OfStream(entry.Id, wish, context.RequestAborted) is { Length: > 0 } live)
        {
            await FileAnswer.Write(context, new ServedFile("image/jpeg", Bytes: live));
            return true;
        }

        var own = entry.Value.Text("_thumbnail");
        if (content.Exists(own))
        {
            await Uploaded(context, own, wish);
            return true;
        }

        return !EntryView.IsLive(entry.Value) && moments == default && await OfClip(context, request, entry, moments, wish);
    }

    // For whom the rules let see pictures, with the session that the address names.
    async Task<bool> OfClip(HttpContext context, ManifestRequest request, StoredObject entry, PictureMoments moments, PictureWish wish)
    {
        var viewer = await ViewerOf(context, request);
        if ((await rules.Judge(entry.Value, viewer)).Blocked
            || await entries.ResolveAsync(new EntryRequest(context, entry.Id, [], tickets.Write(entry.Id, "")), context.RequestAborted) is not { Set: { } set })
        {
            return false;
        }

        var jpeg = await pictures.OfEntry(set, moments, wish, context.RequestAborted);
        if (jpeg.Length == 0)
        {
            return false;
        }

        await FileAnswer.Write(context, new ServedFile("image/jpeg", Bytes: jpeg));
        return true;
    }

    async Task Uploaded(HttpContext context, string name, PictureWish wish) =>
        await FileAnswer.Write(context, await pictures.OfFile(content.PathOf(name), wish, context.RequestAborted) is { Length: > 0 } made
            ? new ServedFile("image/jpeg", Bytes: made) : new ServedFile(PictureFacts.ContentType(Path.GetExtension(name).TrimStart('.')), Path: content.PathOf(name)));

    // On air for everybody: no preview, and no rule that keeps viewers out.
    async Task<bool> IsShown(HttpContext context, StoredObject entry)
    {
        var state = await grains.GetGrain<ILiveEntryGrain>(entry.Id).State();
        return state.IsPlayable && !(entry.Value.Truth("explicitLive") && state.ViewMode != 1) && !(await rules.Judge(entry.Value, ViewerOf(context, Caller.Anonymous))).Blocked;
    }

    async Task<Viewer> ViewerOf(HttpContext context, ManifestRequest request)
    {
        try
        {
            return ViewerOf(context, await request.CallerOf(context, api));
        }
        catch (PlatformException)
        {
            return ViewerOf(context, Caller.Anonymous);
        }
    }

    static Viewer ViewerOf(HttpContext context, Caller caller) => new(
        caller, PlayManifestEndpoint.Ip(context), context.Request.Headers.Referer.ToString(), context.Request.Headers.UserAgent.ToString(), "", ForThumbnails);

    static void Fail(HttpContext context, int number, string text)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.Headers["X-Kaltura-App"] = $"exiting on error {number} - {text}";
        context.Response.Headers["X-Kaltura"] = $"error-{number}";
        context.Response.ContentLength = 0;
    }
}
