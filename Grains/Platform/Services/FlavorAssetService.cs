using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Services;

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
