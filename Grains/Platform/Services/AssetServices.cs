using System.Text;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Assets of an entry, of any type: found for a caller, by the entry that they belong to.</summary>
public sealed class Assets(Objects objects, EntryStore entries)
{
    public async Task<StoredObject> Required(Call call, string id, string type) =>
        await objects.Find(call, EntryStore.AssetKind, id) is { } stored && Schema.Instance.Object(stored.Value.Type).Is(type) ? stored : throw PlatformException.Of(MissingCode(type), id);

    static string MissingCode(string type) => type switch { "FlavorAsset" => "FLAVOR_ASSET_ID_NOT_FOUND", "ThumbAsset" => "THUMB_ASSET_ID_NOT_FOUND", "CaptionAsset" => "CAPTION_ASSET_ID_NOT_FOUND", _ => "ASSET_ID_NOT_FOUND" };

    /// <summary>An asset whose entry the caller may change.</summary>
    public async Task<StoredObject> Editable(Call call, string id, string type)
    {
        var stored = await Required(call, id, type);
        await entries.Editable(call, stored.Value.Text("entryId"));
        return stored;
    }

    public async Task<PlatformObject> Add(Call call, string entry, PlatformObject asset)
    {
        var stored = await entries.Editable(call, entry);
        (asset["entryId"], asset["version"], asset["size"], asset["sizeInBytes"]) = (stored.Id, 0L, 0L, 0L);
        asset["tags"] = asset.Text("tags");
        return await objects.Add(EntryStore.AssetKind, asset, stored.Partner, Objects.NewId());
    }

    public async Task<PlatformObject> List(Call call, string listType, params string[] types)
    {
        var filter = call.Optional("filter");
        if (filter is null || !(filter.Has("entryIdEqual") || filter.Has("entryIdIn") || filter.Has("idEqual") || filter.Has("idIn")))
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", "KalturaAssetFilter::entryIdEqual");
        }

        return await objects.List(call, EntryStore.AssetKind, listType, also: new Test(Test.TypeField, TestKind.In, types));
    }

    /// <summary>Of an entry that the caller may see.</summary>
    public async Task<IReadOnlyList<PlatformObject>> Of(Call call, string entry, string type)
    {
        var stored = await entries.Required(call, entry);
        return [.. (await objects.Store.All(EntryStore.AssetKind, null, Test.Equal("entryId", stored.Id)))
            .Select(asset => asset.Value).Where(asset => Schema.Instance.Object(asset.Type).Is(type)).OrderBy(asset => asset.Long("createdAt")).ThenBy(asset => asset.Long("flavorParamsId"))];
    }

    public async Task Delete(StoredObject asset)
    {
        entries.DeleteFiles(asset.Value);
        await objects.Store.Remove(EntryStore.AssetKind, asset.Id);
    }

    public async Task<object?> Update(StoredObject stored, PlatformObject changes) => await objects.Update(stored, changes);

    /// <summary>Of the assets of an entry and type one is the default.</summary>
    public async Task SetDefault(StoredObject asset)
    {
        foreach (var other in await objects.Store.All(EntryStore.AssetKind, null, Test.Equal("entryId", asset.Value.Text("entryId"))))
        {
            if (other.Value.Type == asset.Value.Type && other.Value.Truth("isDefault") != (other.Id == asset.Id))
            {
                await objects.Change(EntryStore.AssetKind, other.Id, value => value["isDefault"] = other.Id == asset.Id ? 1L : 0L);
            }
        }
    }
}

/// <summary>Renditions of entries.</summary>
public sealed class FlavorAssetService(Objects objects, Assets assets, EntryContent contents) : IServiceModule
{
    const string Type = "FlavorAsset";

    public void Register(ServiceTable table)
    {
        table.Add("flavorasset", "get", CallAccess.Session, async call => (await assets.Required(call, call.Text("id"), Type)).Value);
        table.Add("flavorasset", "list", CallAccess.Session, List);
        table.Add("flavorasset", "getByEntryId", CallAccess.Session, async call => (await assets.Of(call, call.Text("entryId"), Type)).ToList<object?>());
        table.Add("flavorasset", "getWebPlayableByEntryId", CallAccess.Session, async call => (await assets.Of(call, call.Text("entryId"), Type)).Where(asset => asset.Truth("isWeb")).ToList<object?>());
        table.Add("flavorasset", "getFlavorAssetsWithParams", CallAccess.User, WithParams);
        table.Add("flavorasset", "getUrl", CallAccess.Session, Url);
        table.Add("flavorasset", "getDownloadUrl", CallAccess.Session, Url);
        table.Add("flavorasset", "add", CallAccess.User, Add);
        table.Add("flavorasset", "update", CallAccess.User, async call => await assets.Update(await assets.Editable(call, call.Text("id"), Type), call.Object("flavorAsset")));
        table.Add("flavorasset", "setContent", CallAccess.User, async call => await contents.SetAsset(call, (await assets.Editable(call, call.Text("id"), Type)).Id, call.Object("contentResource")));
        table.Add("flavorasset", "delete", CallAccess.User, Delete);
    }

    // A filter for assets of live entries finds only those.
    async Task<object?> List(Call call) => await assets.List(
        call, "FlavorAssetListResponse", call.Optional("filter")?.Type.StartsWith("LiveAsset", StringComparison.Ordinal) == true ? ["LiveAsset"] : ["FlavorAsset", "LiveAsset"]);

    async Task<object?> WithParams(Call call)
    {
        var list = new List<object?>();
        foreach (var asset in await assets.Of(call, call.Text("entryId"), Type))
        {
            var flavor = await objects.Store.Read(ConversionProfiles.ParamsKind, asset.Text("flavorParamsId"));
            list.Add(new PlatformObject("FlavorAssetWithParams") { { "flavorAsset", asset }, { "flavorParams", flavor?.Value }, { "entryId", call.Text("entryId") } });
        }

        return list;
    }

    async Task<object?> Url(Call call)
    {
        var asset = (await assets.Required(call, call.Text("id"), Type)).Value;
        return asset.Long("status") != 2 ? throw PlatformException.Of("FLAVOR_ASSET_IS_NOT_READY")
            : $"{call.Facts.BaseUrl}/p/{asset.Text("partnerId")}/sp/{asset.Text("partnerId")}00/playManifest/entryId/{asset.Text("entryId")}/flavorId/{asset.Text("id")}/protocol/{Urls.Scheme(call.Facts.BaseUrl)}/format/url/a.mp4";
    }

    async Task<object?> Add(Call call)
    {
        var asset = call.Object("flavorAsset");
        (asset["status"], asset["isOriginal"], asset["isWeb"]) = (0L, false, false);
        asset["flavorParamsId"] = asset["flavorParamsId"] ?? 0L;
        return await assets.Add(call, call.Text("entryId"), asset);
    }

    async Task<object?> Delete(Call call)
    {
        await assets.Delete(await assets.Editable(call, call.Text("id"), Type));
        return null;
    }
}

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
