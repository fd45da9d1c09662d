using Tributary.Grains.Platform.Calls;
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
