using System.Text;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Services;

/// <summary>Captions of entries.</summary>
public sealed class CaptionAssetService(Objects objects, Assets assets, EntryContent contents, ContentStore content) : IServiceModule
{
    const string Service = "caption_captionasset", Type = "CaptionAsset";
    const long LargestServed = 32 * 1_024 * 1_024;

    public void Register(ServiceTable table)
    {
        table.Add(Service, "add", CallAccess.User, Add);
        table.Add(Service, "get", CallAccess.Session, async call => (await assets.Required(call, call.Text("captionAssetId"), Type)).Value);
        table.Add(Service, "list", CallAccess.Session, async call => await assets.List(call, "CaptionAssetListResponse", Type));
        table.Add(Service, "update", CallAccess.User, async call => await assets.Update(await assets.Editable(call, call.Text("id"), Type), call.Object("captionAsset")));
        table.Add(Service, "setContent", CallAccess.User, async call => await contents.SetAsset(call, (await assets.Editable(call, call.Text("id"), Type)).Id, call.Object("contentResource")));
        table.Add(Service, "setAsDefault", CallAccess.User, SetAsDefault);
        table.Add(Service, "delete", CallAccess.User, Delete);
        table.Add(Service, "getUrl", CallAccess.Session, Url);
        table.Add(Service, "serve", CallAccess.Open, Serve);
        table.Add(Service, "serveWebVTT", CallAccess.Open, ServeWebVtt);
    }

    async Task<object?> Add(Call call)
    {
        var asset = call.Object("captionAsset");
        asset["status"] = 0L;
        asset["format"] = asset["format"] ?? "1";
        asset["fileExt"] = asset.Text("format") switch { "2" => "xml", "3" => "vtt", _ => "srt" };
        var isDefault = asset.Truth("isDefault");
        var added = await assets.Add(call, call.Text("entryId"), asset);
        if (isDefault)
        {
            await assets.SetDefault((await objects.Store.Read(EntryStore.AssetKind, added.Text("id")))!);
        }

        return added;
    }

    async Task<object?> SetAsDefault(Call call)
    {
        await assets.SetDefault(await assets.Editable(call, call.Text("captionAssetId"), Type));
        return null;
    }

    async Task<object?> Delete(Call call)
    {
        await assets.Delete(await assets.Editable(call, call.Text("captionAssetId"), Type));
        return null;
    }

    async Task<object?> Url(Call call)
    {
        var asset = await assets.Required(call, call.Text("id"), Type);
        return asset.Value.Long("status") == 2 ? Urls.Serve(call.Facts.BaseUrl, Service, "captionAssetId", asset.Id) : throw PlatformException.Of("CAPTION_ASSET_IS_NOT_READY", asset.Id);
    }

    async Task<PlatformObject> Served(Call call)
    {
        var stored = await objects.Store.Read(EntryStore.AssetKind, call.Text("captionAssetId"));
        return stored?.Value is { Type: Type } asset && content.Exists(asset.Text("_file")) && content.LengthOf(asset.Text("_file")) <= LargestServed
            ? asset : throw PlatformException.Of("CAPTION_ASSET_ID_NOT_FOUND", call.Text("captionAssetId"));
    }

    async Task<object?> Serve(Call call)
    {
        var asset = await Served(call);
        var type = asset.Text("format") switch { "2" => "application/ttml+xml", "3" => "text/vtt; charset=utf-8", _ => "text/plain; charset=utf-8" };
        return new ServedFile(type, Path: content.PathOf(asset.Text("_file")));
    }

    // Without a segment's number the playlist of all; SubRip becomes WebVTT by its times (W3C WebVTT §4).
    async Task<object?> ServeWebVtt(Call call)
    {
        var asset = await Served(call);
        var text = await File.ReadAllTextAsync(content.PathOf(asset.Text("_file")));
        return asset.Text("format") switch
        {
            "3" => new ServedFile("text/vtt; charset=utf-8", Encoding.UTF8.GetBytes(text)),
            "1" => new ServedFile("text/vtt; charset=utf-8", Encoding.UTF8.GetBytes(SubRip.ToWebVtt(text))),
            _ => throw PlatformException.Of("FEATURE_FORBIDDEN", "only SubRip and WebVTT captions are served as WebVTT"),
        };
    }
}
