using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Entries of files, by the media service; and entries of every type, by the base service.</summary>
public sealed class EntryServices(Objects objects, EntryStore entries, EntryContent contents, ContentStore content, ContentResources resources, ConversionProfiles profiles) : IServiceModule
{
    const string Clip = "1", NoContent = "7";

    /// <summary>What an entry has from its content.</summary>
    static readonly string[] Measures = ["duration", "msDuration", "durationType", "width", "height", "flavorParamsIds"];

    public void Register(ServiceTable table)
    {
        RegisterMedia(table);
        RegisterBase(table);
    }

    void RegisterMedia(ServiceTable table)
    {
        table.Add("media", "add", CallAccess.User, call => Add(call, call.Object("entry")));
        table.Add("media", "addContent", CallAccess.User, call => SetContent(call, Clip));
        table.Add("media", "updateContent", CallAccess.User, call => ReplaceContent(call, Clip));
        table.Add("media", "approveReplace", CallAccess.User, ApproveReplace);
        table.Add("media", "cancelReplace", CallAccess.User, CancelReplace);
        table.Add("media", "get", CallAccess.Session, async call => await entries.Show(call, (await entries.Required(call, call.Text("entryId"), Clip)).Value));
        table.Add("media", "list", CallAccess.Session, async call => await entries.List(call, "MediaListResponse", Test.Equal("type", Clip)));
        table.Add("media", "count", CallAccess.Session, async call => await entries.Count(call, Test.Equal("type", Clip)));
        table.Add("media", "update", CallAccess.User, call => Update(call, call.Object("mediaEntry"), Clip));
        table.Add("media", "delete", CallAccess.User, call => Delete(call, Clip));
        table.Add("media", "addFromUrl", CallAccess.User, AddFromUrl);
        table.Add("media", "addFromUploadedFile", CallAccess.User, AddFromUpload);
        table.Add("media", "updateThumbnailJpeg", CallAccess.User, Thumbnail);
        table.Add("media", "updateThumbnailFromUrl", CallAccess.User, ThumbnailFromUrl);
        table.Add("media", "flag", CallAccess.Session, Flag);
        table.Add("media", "anonymousRank", CallAccess.Session, Rank);
        table.Add("media", "approve", CallAccess.Admin, call => Moderate(call, 2));
        table.Add("media", "reject", CallAccess.Admin, call => Moderate(call, 3));
    }

    void RegisterBase(ServiceTable table)
    {
        table.Add("baseentry", "add", CallAccess.User, call => Add(call, call.Object("entry")));
        table.Add("baseentry", "addContent", CallAccess.User, call => SetContent(call, null));
        table.Add("baseentry", "updateContent", CallAccess.User, call => ReplaceContent(call, null));
        table.Add("baseentry", "get", CallAccess.Session, async call => await entries.Show(call, (await entries.Required(call, call.Text("entryId"))).Value));
        table.Add("baseentry", "list", CallAccess.Session, async call => await entries.List(call, "BaseEntryListResponse"));
        table.Add("baseentry", "count", CallAccess.Session, async call => await entries.Count(call));
        table.Add("baseentry", "getByIds", CallAccess.Session, ByIds);
        table.Add("baseentry", "listByReferenceId", CallAccess.Session, async call => await entries.List(call, "BaseEntryListResponse", Test.Equal("referenceId", call.Text("refId"))));
        table.Add("baseentry", "update", CallAccess.User, call => Update(call, call.Object("baseEntry"), null));
        table.Add("baseentry", "delete", CallAccess.User, call => Delete(call, null));
        table.Add("baseentry", "updateThumbnailJpeg", CallAccess.User, Thumbnail);
        table.Add("baseentry", "updateThumbnailFromUrl", CallAccess.User, ThumbnailFromUrl);
        table.Add("baseentry", "flag", CallAccess.Session, Flag);
        table.Add("baseentry", "anonymousRank", CallAccess.Session, Rank);
        table.Add("baseentry", "approve", CallAccess.Admin, call => Moderate(call, 2));
        table.Add("baseentry", "reject", CallAccess.Admin, call => Moderate(call, 3));
    }

    async Task<object?> Add(Call call, PlatformObject entry) => await entries.Show(call, await New(call, entry));

    async Task<PlatformObject> New(Call call, PlatformObject entry)
    {
        var type = entry.Text("type", Clip) is "-1" or "" ? Clip : entry.Text("type", Clip);
        if (type == "7")
        {
            throw PlatformException.Of("INVALID_ENTRY_TYPE", type);   // live entries have their own service
        }

        entry.Type = type == Clip && entry.Type == "BaseEntry" ? "MediaEntry" : entry.Type;
        if (entry.Type == "MediaEntry" && !entry.Has("mediaType"))
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", "KalturaMediaEntry::mediaType");
        }

        if (entry.Has("conversionProfileId"))
        {
            _ = await objects.Find(call, ConversionProfiles.Kind, entry.Text("conversionProfileId"), platform: true) ?? throw ConversionProfiles.Missing(entry.Text("conversionProfileId"));
        }
        else
        {
            entry["conversionProfileId"] = (await profiles.Default(call.Partner, "1"))?.Value["id"];
        }

        entry["flavorParamsIds"] = "";
        entry["sourceType"] = entry["sourceType"] ?? "1";
        return await entries.Add(call, entry, type, type == Clip ? NoContent : "2");
    }

    async Task<object?> SetContent(Call call, string? type)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), type);
        var resource = call.Optional("resource");
        if (stored.Value.Text("status") != NoContent)
        {
            throw PlatformException.Of("ENTRY_ALREADY_WITH_CONTENT");
        }

        return await entries.Show(call, resource is null ? stored.Value : await contents.Set(call, stored, resource));
    }

    // New content beside the old, under an entry of its own, until it is approved. An entry without content gets it at once.
    async Task<object?> ReplaceContent(Call call, string? type)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), type);
        if (stored.Value.Text("status") == NoContent)
        {
            return await entries.Show(call, await contents.Set(call, stored, call.Object("resource")));
        }

        if (stored.Value.Has("replacingEntryId"))
        {
            throw PlatformException.Of("ENTRY_REPLACEMENT_ALREADY_EXISTS");
        }

        var other = await New(call, new PlatformObject("MediaEntry") { { "mediaType", stored.Value["mediaType"] }, { "name", stored.Value["name"] }, { "displayInSearch", -1L }, { "replacedEntryId", stored.Id } });
        await contents.Set(call, (await objects.Store.Read(EntryStore.Kind, other.Text("id")))!, call.Object("resource"));
        var changed = await objects.Change(EntryStore.Kind, stored.Id, value => (value["replacingEntryId"], value["replacementStatus"]) = (other.Text("id"), "3"));
        return await entries.Show(call, call.Account.Has("FEATURE_ENTRY_REPLACEMENT_APPROVAL") ? changed : await Approve(stored.Id));
    }

    async Task<object?> ApproveReplace(Call call) =>
        await entries.Show(call, await Approve((await entries.Editable(call, call.Text("entryId"), Clip)).Id));

    async Task<PlatformObject> Approve(string id)
    {
        var entry = (await objects.Store.Read(EntryStore.Kind, id))!;
        if (entry.Value.Text("replacingEntryId") is not { Length: > 0 } other || await objects.Store.Read(EntryStore.Kind, other) is not { } replacing)
        {
            return entry.Value;
        }

        foreach (var old in await objects.Store.All(EntryStore.AssetKind, null, Test.Equal("entryId", id)))
        {
            entries.DeleteFiles(old.Value);
            await objects.Store.Remove(EntryStore.AssetKind, old.Id);
        }

        foreach (var asset in await objects.Store.All(EntryStore.AssetKind, null, Test.Equal("entryId", other)))
        {
            await objects.Store.Remove(EntryStore.AssetKind, asset.Id);
            var moved = asset.Value.Copy();
            moved["entryId"] = id;
            await objects.Store.Write(asset with { Version = 0, Value = moved });
        }

        await objects.Store.Remove(EntryStore.Kind, other);
        return await objects.Change(EntryStore.Kind, id, value =>
        {
            foreach (var field in Measures)
            {
                value[field] = replacing.Value[field];
            }

            (value["replacingEntryId"], value["replacementStatus"]) = (null, "0");
            value["version"] = value.Long("version") + 1;
        });
    }

    async Task<object?> CancelReplace(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), Clip);
        if (stored.Value.Text("replacingEntryId") is { Length: > 0 } other && await objects.Store.Read(EntryStore.Kind, other) is { } replacing)
        {
            await entries.Delete(replacing);
        }

        return await entries.Show(call, await objects.Change(EntryStore.Kind, stored.Id, value => (value["replacingEntryId"], value["replacementStatus"]) = (null, "0")));
    }

    async Task<object?> Update(Call call, PlatformObject changes, string? type)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), type);
        var updated = await objects.Update(stored, changes);
        return await entries.Show(call, updated);
    }

    async Task<object?> Delete(Call call, string? type)
    {
        await entries.Delete(await entries.Editable(call, call.Text("entryId"), type));
        return null;
    }

    async Task<object?> AddFromUrl(Call call)
    {
        var entry = await New(call, call.Object("mediaEntry"));
        var stored = (await objects.Store.Read(EntryStore.Kind, entry.Text("id")))!;
        return await entries.Show(call, await contents.Set(call, stored, new PlatformObject("UrlResource") { { "url", call.Text("url") } }));
    }

    async Task<object?> AddFromUpload(Call call)
    {
        var entry = await New(call, call.Object("mediaEntry"));
        var stored = (await objects.Store.Read(EntryStore.Kind, entry.Text("id")))!;
        return await entries.Show(call, await contents.Set(call, stored, new PlatformObject("UploadedFileTokenResource") { { "token", call.Text("uploadTokenId") } }));
    }

    async Task<object?> ByIds(Call call)
    {
        var found = new List<object?>();
        foreach (var id in call.Text("entryIds").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(500))
        {
            if (await entries.Find(call, id) is { } stored)
            {
                found.Add(await entries.Show(call, stored.Value));
            }
        }

        return found;
    }

    async Task<object?> Thumbnail(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"));
        return await entries.Show(call, await SetThumbnail(stored, content.Adopt(call.File("fileData").Path, stored.Id, "jpg")));
    }

    async Task<object?> ThumbnailFromUrl(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"));
        resources.Import(call.Text("url"), stored.Id, "jpg", name => SetThumbnail(stored, name), _ => Task.CompletedTask);
        return await entries.Show(call, stored.Value);
    }

    async Task<PlatformObject> SetThumbnail(StoredObject stored, string name)
    {
        content.Delete(stored.Value.Text("_thumbnail"));
        return await objects.Change(EntryStore.Kind, stored.Id, value => (value["_thumbnail"], value["version"]) = (name, value.Long("version") + 1));
    }

    async Task<object?> Flag(Call call)
    {
        var flag = call.Object("moderationFlag");
        var stored = await entries.Required(call, flag.Text("flaggedEntryId"));
        await objects.Add("moderationFlag", flag, stored.Partner);
        await objects.Change(EntryStore.Kind, stored.Id, value => (value["moderationCount"], value["moderationStatus"]) = (value.Long("moderationCount") + 1, 5L));
        return null;
    }

    async Task<object?> Rank(Call call)
    {
        var (stored, rank) = (await entries.Required(call, call.Text("entryId")), Math.Clamp(call.Long("rank"), 1, 5));
        await objects.Change(EntryStore.Kind, stored.Id, value =>
        {
            (value["votes"], value["totalRank"]) = (value.Long("votes") + 1, value.Long("totalRank") + rank);
            value["rank"] = (double)value.Long("totalRank") / value.Long("votes");
        });
        return null;
    }

    async Task<object?> Moderate(Call call, long status)
    {
        var stored = await entries.Required(call, call.Text("entryId"));
        await objects.Change(EntryStore.Kind, stored.Id, value => (value["moderationStatus"], value["moderationCount"]) = (status, 0L));
        return null;
    }
}
