using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Conversion profiles with their flavors: which there are, which is the default, and what entries get from them.</summary>
public sealed class ConversionProfiles(Objects objects)
{
    public const string Kind = "conversionProfile", ParamsKind = "flavorParams", LinkKind = "profileAssetParams", LiveType = "2";

    public static PlatformException Missing(string id) => PlatformException.Of("CONVERSION_PROFILE_ID_NOT_FOUND", id);

    public Task<StoredObject?> Default(int partner, string type) =>
        objects.Store.First(Kind, partner, Test.Equal("type", type), Test.Equal("isDefault", 1));

    /// <summary>The profile of a live entry: the one it names, which must be for live streams, or the partner's default.</summary>
    public async Task<StoredObject?> Live(Call call, long? id)
    {
        if (id is not { } named)
        {
            return await Default(call.Partner, LiveType);
        }

        var stored = await objects.Find(call, Kind, Objects.Id(named), platform: true);
        return stored?.Value.Text("type") == LiveType ? stored : throw Missing(Objects.Id(named));
    }

    /// <summary>The flavors of a profile in its order.</summary>
    public async Task<IReadOnlyList<PlatformObject>> FlavorsOf(PlatformObject profile)
    {
        var flavors = new List<PlatformObject>();
        foreach (var id in profile.Words("flavorParamsIds"))
        {
            if (await objects.Store.Read(ParamsKind, id) is { } stored)
            {
                flavors.Add(stored.Value);
            }
        }

        return flavors;
    }

    /// <summary>What a profile says of each flavor: where it comes from, whether it is needed.</summary>
    public async Task<IReadOnlyList<PlatformObject>> LinksOf(long profile) =>
        [.. (await objects.Store.All(LinkKind, null, Test.Equal("conversionProfileId", profile))).Select(stored => stored.Value).OrderBy(link => link.Long("_order"))];

    public async Task<bool> IsTranscoded(long profile) => (await LinksOf(profile)).Any(link => link.Long("origin") == 0);

    /// <summary>Makes what links a profile to its flavors; what was said of a flavor before stays.</summary>
    public async Task Link(PlatformObject profile)
    {
        var (id, partner) = (profile.Long("id"), profile.Int("partnerId"));
        var old = (await LinksOf(id)).ToDictionary(link => link.Text("assetParamsId"));
        var order = 0L;
        foreach (var flavor in await FlavorsOf(profile))
        {
            var key = KeyOf(id, flavor.Text("id"));
            if (!old.Remove(flavor.Text("id")))
            {
                await objects.Store.Write(new StoredObject(LinkKind, key, partner, 0, LinkOf(id, flavor, order)));
            }

            order++;
        }

        foreach (var gone in old.Keys)
        {
            await objects.Store.Remove(LinkKind, KeyOf(id, gone));
        }
    }

    // A flavor that is tagged as ingest comes from the encoder; the others are converted.
    static PlatformObject LinkOf(long profile, PlatformObject flavor, long order) => new("ConversionProfileAssetParams")
    {
        { "conversionProfileId", profile }, { "assetParamsId", flavor.Long("id") }, { "readyBehavior", 0L },
        { "origin", flavor.Words("tags").Contains("ingest") ? 1L : 0L }, { "systemName", flavor.Text("systemName") }, { "forceNoneComplied", 0L },
        { "deletePolicy", 0L }, { "tags", flavor.Text("tags") }, { "_order", order },
    };

    public static string KeyOf(long profile, string flavor) => $"{Objects.Id(profile)}.{flavor}";

    /// <summary>One asset for each flavor of the profile; the one of a flavor that was there before keeps its id.</summary>
    public async Task MakeLiveAssets(PlatformObject entry, PlatformObject? profile)
    {
        var id = entry.Text("id");
        var old = await objects.Store.All(EntryStore.AssetKind, null, Test.Equal("entryId", id));
        var flavors = profile is null ? [] : await FlavorsOf(profile);
        foreach (var gone in old.Where(asset => asset.Value.Type == "LiveAsset" && flavors.All(flavor => flavor.Long("id") != asset.Value.Long("flavorParamsId"))))
        {
            await objects.Store.Remove(EntryStore.AssetKind, gone.Id);
        }

        foreach (var flavor in flavors.Where(flavor => old.All(asset => asset.Value.Long("flavorParamsId") != flavor.Long("id"))))
        {
            await objects.Add(EntryStore.AssetKind, LiveAsset(id, flavor), entry.Int("partnerId"), Objects.NewId());
        }
    }

    static PlatformObject LiveAsset(string entry, PlatformObject flavor) => new("LiveAsset")
    {
        { "entryId", entry }, { "version", 0L }, { "size", 0L }, { "tags", flavor.Text("tags") }, { "fileExt", "" }, { "flavorParamsId", flavor.Long("id") },
        { "width", flavor.Long("width") }, { "height", flavor.Long("height") }, { "bitrate", flavor.Long("videoBitrate") + flavor.Long("audioBitrate") },
        { "frameRate", flavor.Number("frameRate") }, { "isOriginal", flavor.Words("tags").Contains("source") }, { "isWeb", false }, { "status", 2L },
    };
}

/// <summary>Conversion profiles, their flavors and what links the two.</summary>
public sealed class ConversionServices(Objects objects, ConversionProfiles profiles) : IServiceModule
{
    public void Register(ServiceTable table)
    {
        var crud = new Crud(objects, "conversionprofile", ConversionProfiles.Kind, "ConversionProfile", ConversionProfiles.Missing)
        {
            ValueName = "conversionProfile",
            Platform = true,
            Prepare = Prepare,
            Removed = (_, stored) => profiles.Link(WithoutFlavors(stored.Value)),
        };
        crud.Register(table, "get", "list", "delete");
        table.Add("conversionprofile", "add", CallAccess.Admin, Add);
        table.Add("conversionprofile", "update", CallAccess.Admin, Update);
        table.Add("conversionprofile", "getDefault", CallAccess.User, Default);
        table.Add("conversionprofile", "setAsDefault", CallAccess.Admin, SetAsDefault);
        table.Add("conversionprofileassetparams", "list", CallAccess.User, Links);
        table.Add("conversionprofileassetparams", "update", CallAccess.Admin, UpdateLink);
        new Crud(objects, "flavorparams", ConversionProfiles.ParamsKind, "FlavorParams", MissingFlavor)
        {
            ValueName = "flavorParams",
            Platform = true,
            Prepare = (_, value) =>
            {
                Require(value.Has("name"), "KalturaAssetParams::name");
                return Task.CompletedTask;
            },
        }.Register(table, "add", "get", "update", "delete");
        table.Add("flavorparams", "list", CallAccess.User, ListFlavors);
        table.Add("flavorparams", "getByConversionProfileId", CallAccess.User, ByProfile);
    }

    static PlatformException MissingFlavor(string id) => PlatformException.Of("FLAVOR_PARAMS_ID_NOT_FOUND", id);

    static void Require(bool fulfilled, string property)
    {
        if (!fulfilled)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", property);
        }
    }

    static PlatformObject WithoutFlavors(PlatformObject profile)
    {
        var bare = profile.Copy();
        bare["flavorParamsIds"] = "";
        return bare;
    }

    static Task Prepare(Call call, PlatformObject profile)
    {
        Require(profile.Has("name"), "KalturaConversionProfile::name");
        profile["type"] = profile["type"] ?? "1";
        profile["status"] = profile["status"] ?? "2";
        profile["isDefault"] = profile["isDefault"] ?? 0L;
        profile["flavorParamsIds"] = profile.Text("flavorParamsIds");
        return Task.CompletedTask;
    }

    async Task<object?> Add(Call call)
    {
        var profile = call.Object("conversionProfile");
        await Prepare(call, profile);
        await CheckFlavors(call, profile);
        await objects.Add(ConversionProfiles.Kind, profile, call.Partner);
        await profiles.Link(profile);
        return profile;
    }

    async Task CheckFlavors(Call call, PlatformObject profile)
    {
        foreach (var id in profile.Words("flavorParamsIds"))
        {
            _ = await objects.Find(call, ConversionProfiles.ParamsKind, id, platform: true) ?? throw MissingFlavor(id);
        }
    }

    async Task<object?> Update(Call call)
    {
        var stored = await Required(call, call.Text("id"));
        await CheckFlavors(call, call.Object("conversionProfile"));
        var updated = await objects.Update(stored, call.Object("conversionProfile"));
        await profiles.Link(updated);
        return updated;
    }

    async Task<object?> Default(Call call) =>
        (await profiles.Default(call.Partner, call.Text("type", "1")) ?? throw ConversionProfiles.Missing("")).Value;

    async Task<object?> SetAsDefault(Call call)
    {
        var stored = await Required(call, call.Text("id"));
        var type = stored.Value.Text("type");
        foreach (var other in await objects.Store.All(ConversionProfiles.Kind, stored.Partner, Test.Equal("type", type), Test.Equal("isDefault", 1)))
        {
            await objects.Change(ConversionProfiles.Kind, other.Id, value => value["isDefault"] = 0L);
        }

        return await objects.Change(ConversionProfiles.Kind, stored.Id, value => (value["isDefault"], value["isPartnerDefault"]) = (1L, true));
    }

    async Task<StoredObject> Required(Call call, string id) => await objects.Find(call, ConversionProfiles.Kind, id) ?? throw ConversionProfiles.Missing(id);

    async Task<object?> Links(Call call) => await objects.List(call, ConversionProfiles.LinkKind, "ConversionProfileAssetParamsListResponse", platform: true);

    async Task<object?> UpdateLink(Call call)
    {
        var profile = await Required(call, call.Text("conversionProfileId"));
        var key = ConversionProfiles.KeyOf(profile.Value.Long("id"), call.Text("assetParamsId"));
        var stored = await objects.Find(call, ConversionProfiles.LinkKind, key) ?? throw MissingFlavor(call.Text("assetParamsId"));
        return await objects.Update(stored, call.Object("conversionProfileAssetParams"));
    }

    // A filter for flavors of live streams finds only those.
    async Task<object?> ListFlavors(Call call) => await objects.List(
        call, ConversionProfiles.ParamsKind, "FlavorParamsListResponse", platform: true,
        also: call.Optional("filter")?.Type.StartsWith("LiveParams", StringComparison.Ordinal) == true ? [new Test("_live", TestKind.In, "1")] : []);

    async Task<object?> ByProfile(Call call)
    {
        var profile = await objects.Find(call, ConversionProfiles.Kind, call.Text("conversionProfileId"), platform: true)
            ?? throw ConversionProfiles.Missing(call.Text("conversionProfileId"));
        return (await profiles.FlavorsOf(profile.Value)).ToList<object?>();
    }
}
