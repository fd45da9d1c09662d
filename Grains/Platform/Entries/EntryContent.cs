using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Entries;

/// <summary>
/// Content of entries and assets: put in at once where it is there, later where it is still being uploaded or fetched. Content for an entry that has some
/// already waits beside it until it is approved.
/// </summary>
public sealed class EntryContent
{
    const string Importing = "0", Ready = "2", NoContent = "7", Failed = "-2";
    const long AssetReady = 2, AssetImporting = 7, AssetFailed = -1;

    readonly Objects _objects;
    readonly ContentStore _content;
    readonly ContentResources _resources;

    public EntryContent(Objects objects, ContentStore content, ContentResources resources, UploadTokens tokens)
    {
        (_objects, _content, _resources) = (objects, content, resources);
        tokens.Completed = UploadCompleted;
    }

    /// <summary>The first content of an entry, as its source flavor.</summary>
    public async Task<PlatformObject> Set(Call call, StoredObject entry, PlatformObject resource)
    {
        if (resource.Type == "AssetsParamsResourceContainers")
        {
            foreach (var each in resource.Objects("resources"))
            {
                await SetFlavor(call, entry, each.Object("resource")!, each.Long("assetParamsId"));
            }
        }
        else
        {
            await SetFlavor(call, entry, resource, 0);
        }

        return (await _objects.Store.Read(EntryStore.Kind, entry.Id))!.Value;
    }

    async Task SetFlavor(Call call, StoredObject entry, PlatformObject resource, long flavor)
    {
        var id = Objects.NewId();
        var asset = new PlatformObject("FlavorAsset")
        {
            { "entryId", entry.Id }, { "flavorParamsId", flavor }, { "tags", flavor == 0 ? "source,web,mbr" : "web,mbr" }, { "isOriginal", flavor == 0 }, { "isWeb", true },
            { "version", 1L }, { "status", AssetImporting }, { "fileExt", "mp4" },
        };
        await _objects.Add(EntryStore.AssetKind, asset, entry.Partner, id);
        await _objects.Change(EntryStore.Kind, entry.Id, value => value["status"] = value.Text("status") is NoContent or "" ? Importing : value["status"]);
        await SetAsset(call, id, resource);
    }

    /// <summary>The content of an asset.</summary>
    public async Task<PlatformObject> SetAsset(Call call, string asset, PlatformObject resource)
    {
        var extension = (await _objects.Store.Read(EntryStore.AssetKind, asset))?.Value.Text("fileExt", "mp4") ?? "mp4";
        var taken = await _resources.Take(call, resource, asset, extension);
        if (taken.File is { } file)
        {
            return await Fill(asset, file);
        }

        var waiting = await _objects.Change(EntryStore.AssetKind, asset, value => value["status"] = AssetImporting);
        if (taken.Token is { } token)
        {
            await _objects.Change(UploadTokens.Kind, token, value => (value["_waiting"], value["attachedObjectId"]) = (asset, asset));
        }
        else
        {
            _resources.Import(taken.Url!, asset, extension, name => Fill(asset, name), _ => Fail(asset));
        }

        return waiting;
    }

    async Task UploadCompleted(StoredObject token)
    {
        var asset = token.Value.Text("_waiting");
        await _objects.Change(UploadTokens.Kind, token.Id, value => (value["status"], value["_waiting"]) = (UploadTokens.Closed, null));
        await Fill(asset, _content.Adopt(_content.UploadPath(token.Id), asset, Path.GetExtension(token.Value.Text("fileName"))));
    }

    async Task<PlatformObject> Fill(string id, string file)
    {
        var isVideo = Mp4Facts.TryRead(_content.PathOf(file), out var facts);
        var old = "";
        var asset = await _objects.Change(EntryStore.AssetKind, id, value =>
        {
            old = value.Text("_file");
            (value["_file"], value["status"], value["updatedAt"]) = (file, AssetReady, _objects.Now);
            (value["sizeInBytes"], value["size"]) = (_content.LengthOf(file), _content.LengthOf(file) / 1_024);
            value["version"] = value.Long("version") + 1;
            value["fileExt"] = Path.GetExtension(file).TrimStart('.');
            if (isVideo)
            {
                (value["width"], value["height"], value["containerFormat"], value["_seconds"]) = ((long)facts.Width, (long)facts.Height, "mp4", facts.Seconds);
                value["bitrate"] = (long)(_content.LengthOf(file) * 8 / 1_000 / facts.Seconds);
            }
        });
        _content.Delete(old);
        if (asset.Type == "FlavorAsset")
        {
            await Complete(asset, facts);
        }

        return asset;
    }

    async Task Complete(PlatformObject asset, Mp4Facts facts) => await _objects.Store.Change(EntryStore.Kind, asset.Text("entryId"), entry =>
    {
        (entry["status"], entry["updatedAt"]) = (Ready, _objects.Now);
        entry["version"] = entry.Long("version") + 1;
        entry["flavorParamsIds"] = string.Join(',', entry.Words("flavorParamsIds").Append(asset.Text("flavorParamsId")).Distinct());
        if (facts.Seconds > 0 && (asset.Truth("isOriginal") || entry.Long("msDuration") == 0))
        {
            Recordings.Measure(entry, facts.Seconds);
            (entry["width"], entry["height"]) = ((long)facts.Width, (long)facts.Height);
        }

        return true;
    });

    async Task Fail(string id)
    {
        if (await _objects.Store.Change(EntryStore.AssetKind, id, value => (value["status"] = AssetFailed) is not null) is { Type: "FlavorAsset" } asset)
        {
            await _objects.Store.Change(EntryStore.Kind, asset.Text("entryId"), entry =>
            {
                entry["status"] = entry.Text("status") == Importing ? Failed : entry["status"];
                return true;
            });
        }
    }
}
