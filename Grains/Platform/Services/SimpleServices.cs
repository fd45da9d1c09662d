using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Services that are lists of objects with little to them.</summary>
public sealed class SimpleServices(Objects objects, EntryStore entries) : IServiceModule
{
    public void Register(ServiceTable table)
    {
        new Crud(objects, "accesscontrolprofile", "accessControl", "AccessControlProfile", id => PlatformException.Of("ACCESS_CONTROL_ID_NOT_FOUND", id))
        {
            ValueName = "accessControlProfile",
            Prepare = (_, value) =>
            {
                Require(value.Has("name"), "KalturaAccessControlProfile::name");
                (value["rules"], value["isDefault"]) = (value["rules"] ?? new List<object?>(), value["isDefault"] ?? 0L);
                return Task.CompletedTask;
            },
        }.Register(table);
        RegisterCategories(table);
        RegisterPlayers(table);
        RegisterDrm(table);
        table.Add("metadata_metadata", "list", CallAccess.Session, _ => Task.FromResult<object?>(Objects.ListOf("MetadataListResponse", 0, [])));
        table.Add("schedule_scheduleevent", "list", CallAccess.Session, _ => Task.FromResult<object?>(Objects.ListOf("ScheduleEventListResponse", 0, [])));
    }

    static void Require(bool fulfilled, string property)
    {
        if (!fulfilled)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", property);
        }
    }

    void RegisterCategories(ServiceTable table)
    {
        new Crud(objects, "category", "category", "Category", id => PlatformException.Of("CATEGORY_NOT_FOUND", id))
        {
            ValueName = "category",
            Prepare = PrepareCategory,
            Removed = async (_, stored) =>
            {
                foreach (var link in await objects.Store.All("categoryEntry", stored.Partner, Test.Equal("categoryId", stored.Id)))
                {
                    await objects.Store.Remove("categoryEntry", link.Id);
                }
            },
        }.Register(table);
        table.Add("categoryentry", "add", CallAccess.User, AddToCategory);
        table.Add("categoryentry", "list", CallAccess.User, async call => await objects.List(call, "categoryEntry", "CategoryEntryListResponse"));
        table.Add("categoryentry", "delete", CallAccess.User, RemoveFromCategory);
    }

    async Task PrepareCategory(Call call, PlatformObject category)
    {
        Require(category.Has("name"), "KalturaCategory::name");
        var parent = category.Long("parentId") is > 0 and var id
            ? (await objects.Find(call, "category", Objects.Id(id)) ?? throw PlatformException.Of("PARENT_CATEGORY_NOT_FOUND", id)).Value : null;
        category["parentId"] = parent?.Long("id") ?? 0L;
        category["depth"] = parent is null ? 0L : parent.Long("depth") + 1;
        category["fullName"] = parent is null ? category.Text("name") : $"{parent.Text("fullName")}>{category.Text("name")}";
        (category["entriesCount"], category["directEntriesCount"], category["status"]) = (0L, 0L, 2L);
        category["owner"] = category["owner"] ?? call.Caller.User;
    }

    async Task<object?> AddToCategory(Call call)
    {
        var link = call.Object("categoryEntry");
        var entry = await entries.Editable(call, link.Text("entryId"));
        var category = await objects.Find(call, "category", link.Text("categoryId")) ?? throw PlatformException.Of("CATEGORY_NOT_FOUND", link.Text("categoryId"));
        var key = $"{category.Id}.{entry.Id}";
        if (await objects.Store.Read("categoryEntry", key) is not null)
        {
            throw PlatformException.Of("CATEGORY_ENTRY_ALREADY_EXISTS");
        }

        (link["status"], link["categoryFullIds"], link["creatorUserId"]) = (2L, category.Id, call.Caller.User);
        var added = await objects.Add("categoryEntry", link, entry.Partner, key);
        await Count(category.Id, 1);
        await SetCategories(entry);
        return added;
    }

    async Task<object?> RemoveFromCategory(Call call)
    {
        var entry = await entries.Editable(call, call.Text("entryId"));
        var key = $"{call.Text("categoryId")}.{entry.Id}";
        _ = await objects.Find(call, "categoryEntry", key) ?? throw PlatformException.Of("ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY");
        await objects.Store.Remove("categoryEntry", key);
        await Count(call.Text("categoryId"), -1);
        await SetCategories(entry);
        return null;
    }

    Task<PlatformObject> Count(string category, long by) => objects.Change("category", category, value =>
        (value["entriesCount"], value["directEntriesCount"]) = (value.Long("entriesCount") + by, value.Long("directEntriesCount") + by));

    async Task SetCategories(StoredObject entry)
    {
        var ids = (await objects.Store.All("categoryEntry", null, Test.Equal("entryId", entry.Id))).Select(link => link.Value.Text("categoryId")).ToArray();
        var names = new List<string>();
        foreach (var id in ids)
        {
            names.Add((await objects.Store.Read("category", id))?.Value.Text("fullName") ?? "");
        }

        await objects.Change(EntryStore.Kind, entry.Id, value => (value["categoriesIds"], value["categories"]) = (string.Join(',', ids), string.Join(',', names)));
    }

    void RegisterPlayers(ServiceTable table)
    {
        table.Add("widget", "get", CallAccess.Session, Widget);
        table.Add("widget", "list", CallAccess.User, async call => await objects.List(call, "widget", "WidgetListResponse"));
        table.Add("widget", "add", CallAccess.Admin, async call => await objects.Add("widget", call.Object("widget"), call.Partner, $"{Objects.Id(await objects.Store.Number("widget"))}_{Objects.NewId()[2..]}"));
        table.Add("widget", "update", CallAccess.Admin, async call => await objects.Update(await objects.Find(call, "widget", call.Text("id")) ?? throw PlatformException.Of("INVALID_WIDGET_ID", call.Text("id")), call.Object("widget")));
        new Crud(objects, "uiconf", "uiConf", "UiConf", id => PlatformException.Of("UICONF_ID_NOT_FOUND", id)) { ValueName = "uiConf", Reading = CallAccess.Session }.Register(table);
    }

    // Every partner has one of its own without making it: an underscore and its number.
    async Task<object?> Widget(Call call)
    {
        var id = call.Text("id");
        if (id.StartsWith('_') && int.TryParse(id.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture, out var partner) && call.Sees(partner))
        {
            return new PlatformObject("Widget")
            {
                { "id", id }, { "sourceWidgetId", "" }, { "rootWidgetId", id }, { "partnerId", (long)partner }, { "uiConfId", 0L }, { "securityType", 1L },
                { "securityPolicy", 1L }, { "createdAt", call.Account.Value["createdAt"] }, { "updatedAt", call.Account.Value["createdAt"] },
            };
        }

        return (await objects.Find(call, "widget", id) ?? throw PlatformException.Of("INVALID_WIDGET_ID", id)).Value;
    }

    void RegisterDrm(ServiceTable table)
    {
        new Crud(objects, "drm_drmprofile", "drmProfile", "DrmProfile", id => PlatformException.Of("INVALID_OBJECT_ID", id)) { ValueName = "drmProfile", IdName = "drmProfileId", DeleteAnswers = true, Reading = CallAccess.Admin }.Register(table);
        new Crud(objects, "drm_drmpolicy", "drmPolicy", "DrmPolicy", id => PlatformException.Of("INVALID_OBJECT_ID", id)) { ValueName = "drmPolicy", IdName = "drmPolicyId", DeleteAnswers = true, Reading = CallAccess.Admin }.Register(table);
        table.Add("drm_drmprofile", "getByProvider", CallAccess.Admin, ByProvider);
        table.Add("drm_drmlicenseaccess", "getAccess", CallAccess.Session, LicenseAccess);
    }

    // Without one of its own a partner has the platform's: no key server, so nothing is encrypted.
    async Task<object?> ByProvider(Call call)
    {
        var provider = call.Text("provider");
        return (await objects.Store.First("drmProfile", call.Partner, new Test("provider", TestKind.In, provider)))?.Value
            ?? new PlatformObject("DrmProfile") { { "id", 0L }, { "partnerId", (long)call.Partner }, { "name", "default" }, { "provider", provider }, { "status", 1L }, { "licenseServerUrl", "" } };
    }

    // The policy that an access rule names, else the partner's first, else a day.
    async Task<object?> LicenseAccess(Call call)
    {
        var entry = await entries.Required(call, call.Text("entryId"));
        var access = await objects.Store.Read("accessControl", entry.Value.Text("accessControlId"));
        var named = access?.Value.Objects("rules").SelectMany(rule => rule.Objects("actions")).FirstOrDefault(action => action.Type == "AccessControlDrmPolicyAction")?.Text("policyId") ?? "";
        var policy = named.Length > 0 ? await objects.Store.Read("drmPolicy", named) : await objects.Store.First("drmPolicy", entry.Partner);
        var seconds = (policy?.Value.Long("duration") is > 0 and var days ? days : 1) * 86_400;
        return new PlatformObject("DrmLicenseAccessDetails")
        {
            { "policy", policy?.Value.Text("systemName", policy.Value.Text("name")) ?? "default" }, { "duration", seconds }, { "absolute_duration", seconds },
        };
    }
}

/// <summary>Playlists: entries by their ids, or by filters.</summary>
public sealed class PlaylistService(Objects objects, EntryStore entries) : IServiceModule
{
    const string Type = "5";
    const int Most = 500, ByIds = 3;

    public void Register(ServiceTable table)
    {
        table.Add("playlist", "add", CallAccess.User, Add);
        table.Add("playlist", "get", CallAccess.Session, async call => await entries.Show(call, (await Required(call)).Value));
        table.Add("playlist", "list", CallAccess.Session, async call => await entries.List(call, "PlaylistListResponse", Test.Equal("type", Type)));
        table.Add("playlist", "update", CallAccess.User, async call => await entries.Show(call, await objects.Update(await entries.Editable(call, call.Text("id"), Type), call.Object("playlist"))));
        table.Add("playlist", "delete", CallAccess.User, Delete);
        table.Add("playlist", "execute", CallAccess.Session, Execute);
        table.Add("playlist", "executeFromContent", CallAccess.Session, call => Run(call, call.Long("playlistType"), call.Text("playlistContent"), []));
    }

    async Task<StoredObject> Required(Call call) => await entries.Find(call, call.Text("id")) is { } stored && stored.Value.Text("type") == Type
        ? stored : throw PlatformException.Of("INVALID_ENTRY_ID", "Playlist", call.Text("id"));

    async Task<object?> Add(Call call)
    {
        var playlist = call.Object("playlist");
        playlist["playlistType"] = playlist["playlistType"] ?? (playlist.Has("filters") ? 10L : 3L);
        return await entries.Show(call, await entries.Add(call, playlist, Type, "2"));
    }

    async Task<object?> Delete(Call call)
    {
        await entries.Delete(await entries.Editable(call, call.Text("id"), Type));
        return null;
    }

    async Task<object?> Execute(Call call)
    {
        var playlist = (await Required(call)).Value;
        return await Run(call, playlist.Long("playlistType"), playlist.Text("playlistContent"), [.. playlist.Objects("filters")], playlist.Int("totalResults", Most));
    }

    async Task<object?> Run(Call call, long type, string content, IReadOnlyList<PlatformObject> filters, int most = Most)
    {
        var found = new List<object?>();
        if (type == ByIds)
        {
            foreach (var id in content.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(Most))
            {
                if (await entries.Find(call, id) is { } stored && stored.Value.Text("status") == "2")
                {
                    found.Add(await entries.Show(call, stored.Value));
                }
            }
        }

        foreach (var filter in filters)
        {
            var query = ListFilter.Query(EntryStore.Kind, filter, null, [Test.Equal("status", "2")]) with { Partner = call.Scope, Take = Math.Clamp(filter.Int("limit", Most), 1, Most) };
            foreach (var stored in (await objects.Store.Find(query)).Objects)
            {
                found.Add(await entries.Show(call, stored.Value));
            }
        }

        var pager = call.Optional("pager");
        var size = Math.Clamp(pager?.Int("pageSize", Most) ?? Most, 1, Most);
        return found.Take(Math.Clamp(most, 1, Most)).Skip(size * (Math.Clamp(pager?.Int("pageIndex", 1) ?? 1, 1, 10_000) - 1)).Take(size).ToList();
    }
}
