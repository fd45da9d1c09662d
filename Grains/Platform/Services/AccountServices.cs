using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Services;

/// <summary>Partners and their permissions, and the system's own questions.</summary>
public sealed class AccountServices(Objects objects, Partners partners) : IServiceModule
{
    public void Register(ServiceTable table)
    {
        table.Add("system", "ping", CallAccess.Open, _ => Task.FromResult<object?>(true));
        table.Add("system", "getTime", CallAccess.Open, _ => Task.FromResult<object?>(objects.Now));
        table.Add("system", "getVersion", CallAccess.Open, _ => Task.FromResult<object?>(Version));
        table.Add("system", "pingDatabase", CallAccess.Open, async _ => await objects.Store.Read("partner", "0") is not null);
        table.Add("partner", "get", CallAccess.Admin, call => Partner(call, call.Arguments.Has("id") ? (int)call.Long("id") : call.Partner));
        table.Add("partner", "getInfo", CallAccess.User, call => Partner(call, call.Partner));
        table.Add("partner", "getPublicInfo", CallAccess.Open, PublicInfo);
        table.Add("permission", "get", CallAccess.Session, Permission);
        table.Add("permission", "list", CallAccess.User, async call => await objects.List(call, "permission", "PermissionListResponse"));
        table.Add("permission", "add", CallAccess.Admin, AddPermission);
        table.Add("permission", "update", CallAccess.Admin, UpdatePermission);
        table.Add("permission", "delete", CallAccess.Admin, DeletePermission);
        table.Add("permission", "getCurrentPermissions", CallAccess.Session, call => Task.FromResult<object?>(string.Join(',', call.Account.Permissions.Order(StringComparer.Ordinal))));
    }

    static string Version { get; } = typeof(AccountServices).Assembly.GetName().Version?.ToString(3) ?? "0";

    // Secrets are shown to administrators of the partner itself.
    async Task<object?> Partner(Call call, int id)
    {
        if (!call.Sees(id) || await objects.Store.Read("partner", Objects.Id(id)) is not { } stored)
        {
            throw PlatformException.Of("UNKNOWN_PARTNER_ID", id);
        }

        var shown = stored.Value.Copy();
        if (!call.Caller.IsAdmin || call.Caller.Partner != id)
        {
            shown.Remove("secret");
            shown.Remove("adminSecret");
        }

        return shown;
    }

    async Task<object?> PublicInfo(Call call)
    {
        var id = call.Arguments.Has("id") ? (int)call.Long("id") : call.Partner;
        return await partners.Find(id) is { } account ? new PlatformObject("PartnerPublicInfo") { { "analyticsUrl", $"{call.Facts.BaseUrl}/api_v3/index.php" } }
            : throw PlatformException.Of("UNKNOWN_PARTNER_ID", id);
    }

    // A feature that a partner does not have is an answer as well: a permission that is blocked.
    async Task<object?> Permission(Call call)
    {
        var name = call.Text("permissionName");
        return await objects.Store.Read("permission", KeyOf(call.Partner, name)) is { } stored ? stored.Value
            : IsFeature(name) ? PermissionOf(name, status: 2, call.Partner)
            : throw PlatformException.Of("PERMISSION_NOT_FOUND", name);
    }

    async Task<object?> AddPermission(Call call)
    {
        var permission = call.Object("permission");
        var name = permission.Text("name");
        if (name.Length == 0)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", "KalturaPermission::name");
        }

        GuardFeature(call, name);
        permission["type"] = (long)(IsFeature(name) ? 2 : 1);
        permission["status"] = permission["status"] ?? 1L;
        var added = await Put(call.Partner, name, permission);
        partners.Forget(call.Partner);
        return added;
    }

    async Task<object?> UpdatePermission(Call call)
    {
        var name = call.Text("permissionName");
        GuardFeature(call, name);
        var stored = await objects.Store.Read("permission", KeyOf(call.Partner, name)) ?? throw PlatformException.Of("PERMISSION_NOT_FOUND", name);
        var updated = await objects.Update(stored, call.Object("permission"));
        partners.Forget(call.Partner);
        return updated;
    }

    async Task<object?> DeletePermission(Call call)
    {
        var name = call.Text("permissionName");
        GuardFeature(call, name);
        var stored = await objects.Store.Read("permission", KeyOf(call.Partner, name)) ?? throw PlatformException.Of("PERMISSION_NOT_FOUND", name);
        await objects.Store.Remove("permission", stored.Id);
        partners.Forget(call.Partner);
        return stored.Value;
    }

    // What a partner may is the platform's to give.
    static void GuardFeature(Call call, string name)
    {
        if (IsFeature(name) && !call.Caller.IsInternal)
        {
            throw PlatformException.Of("SERVICE_FORBIDDEN", $"permission->{call.Action.Name}");
        }
    }

    async Task<PlatformObject> Put(int partner, string name, PlatformObject permission)
    {
        await objects.Store.Remove("permission", KeyOf(partner, name));
        var number = await objects.Store.Number("permission");
        var value = await objects.Add("permission", permission, partner, KeyOf(partner, name));
        return await objects.Change("permission", KeyOf(partner, name), stored => stored["id"] = number) ?? value;
    }

    /// <summary>Gives a partner a feature; at the start, from the configuration.</summary>
    public async Task Grant(int partner, string name)
    {
        if (await objects.Store.Read("permission", KeyOf(partner, name)) is null)
        {
            await Put(partner, name, PermissionOf(name, status: 1, partner));
        }
    }

    static PlatformObject PermissionOf(string name, int status, int partner) => new("Permission")
    {
        { "type", 2L }, { "name", name }, { "friendlyName", name.Replace('_', ' ').ToLowerInvariant() }, { "status", (long)status }, { "partnerId", (long)partner },
        { "dependsOnPermissionNames", "" }, { "tags", "" }, { "permissionItemsIds", "" },
    };

    static bool IsFeature(string name) => name.StartsWith("FEATURE_", StringComparison.Ordinal) || name == "MEDIA_SERVER_PARTNER_LEVEL";

    static string KeyOf(int partner, string name) => $"{Objects.Id(partner)}.{(name.Length <= 200 ? name : name[..200])}";
}
