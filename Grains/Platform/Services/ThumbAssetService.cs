using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Services;

/// <summary>Pictures of entries.</summary>
public sealed class ThumbAssetService(Objects objects, Assets assets, EntryContent contents, ContentStore content, EntryStore entries) : IServiceModule
{
    const string Type = "ThumbAsset";

    public void Register(ServiceTable table)
    {
        table.Add("thumbasset", "add", CallAccess.User, call => New(call, call.Object("thumbAsset")));
        table.Add("thumbasset", "addFromImage", CallAccess.User, FromImage);
        table.Add("thumbasset", "addFromUrl", CallAccess.User, FromUrl);
        table.Add("thumbasset", "get", CallAccess.Session, async call => (await assets.Required(call, call.Text("thumbAssetId"), Type)).Value);
        table.Add("thumbasset", "list", CallAccess.Session, async call => await assets.List(call, "ThumbAssetListResponse", Type));
        table.Add("thumbasset", "getByEntryId", CallAccess.Session, async call => (await assets.Of(call, call.Text("entryId"), Type)).ToList<object?>());
        table.Add("thumbasset", "getUrl", CallAccess.Session, async call => Urls.Serve(call.Facts.BaseUrl, "thumbasset", "thumbAssetId", (await assets.Required(call, call.Text("id"), Type)).Id) + ThumbWish.InUrl(call.Optional("thumbParams")));
        table.Add("thumbasset", "serve", CallAccess.Open, Serve);
        table.Add("thumbasset", "setAsDefault", CallAccess.User, SetAsDefault);
        table.Add("thumbasset", "setContent", CallAccess.User, async call => await contents.SetAsset(call, (await assets.Editable(call, call.Text("id"), Type)).Id, call.Object("contentResource")));
        table.Add("thumbasset", "update", CallAccess.User, async call => await assets.Update(await assets.Editable(call, call.Text("thumbAssetId", call.Text("id")), Type), call.Object("thumbAsset")));
        table.Add("thumbasset", "delete", CallAccess.User, Delete);
    }

    async Task<object?> New(Call call, PlatformObject asset)
    {
        (asset["status"], asset["thumbParamsId"], asset["fileExt"]) = (0L, asset["thumbParamsId"] ?? 0L, "jpg");
        return await assets.Add(call, call.Text("entryId"), asset);
    }

    async Task<object?> FromImage(Call call)
    {
        var asset = (PlatformObject)(await New(call, new PlatformObject(Type)))!;
        var (id, file) = (asset.Text("id"), call.File("fileData"));
        var kind = PictureFacts.Of(file.Path, out var width, out var height);
        var name = content.Adopt(file.Path, id, kind);
        return await objects.Change(EntryStore.AssetKind, id, value =>
        {
            (value["_file"], value["fileExt"], value["status"], value["version"]) = (name, kind, 2L, 1L);
            (value["width"], value["height"], value["sizeInBytes"], value["size"]) = ((long)width, (long)height, file.Length, file.Length / 1_024);
        });
    }

    async Task<object?> FromUrl(Call call)
    {
        var asset = (PlatformObject)(await New(call, new PlatformObject(Type)))!;
        return await contents.SetAsset(call, asset.Text("id"), new PlatformObject("UrlResource") { { "url", call.Text("url") } });
    }

    async Task<object?> Serve(Call call)
    {
        var stored = await objects.Store.Read(EntryStore.AssetKind, call.Text("thumbAssetId"));
        return stored?.Value is { Type: Type } asset && content.Exists(asset.Text("_file"))
            ? new ServedFile(PictureFacts.ContentType(asset.Text("fileExt")), Path: content.PathOf(asset.Text("_file")), Wish: ThumbWish.Of(call.Optional("thumbParams")))
            : throw PlatformException.Of("THUMB_ASSET_ID_NOT_FOUND", call.Text("thumbAssetId"));
    }

    async Task<object?> SetAsDefault(Call call)
    {
        var stored = await assets.Editable(call, call.Text("thumbAssetId"), Type);
        await assets.SetDefault(stored);
        await objects.Change(EntryStore.Kind, (await entries.Required(call, stored.Value.Text("entryId"))).Id, value => (value["_thumbAsset"], value["version"]) = (stored.Id, value.Long("version") + 1));
        return null;
    }

    async Task<object?> Delete(Call call)
    {
        await assets.Delete(await assets.Editable(call, call.Text("thumbAssetId"), Type));
        return null;
    }
}
