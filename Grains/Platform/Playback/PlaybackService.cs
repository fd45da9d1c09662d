using System.Text;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Outside;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Playback;

/// <summary>What a player needs to play an entry: whether it may, where from, in which renditions, with which captions.</summary>
public sealed class PlaybackService(Objects objects, EntryStore entries, Assets assets, AccessRules rules) : IServiceModule
{
    /// <summary>Formats with their delivery profiles, for live entries and for files; 0: not served so.</summary>
    static readonly (string Format, string Extension, long Live, long Clip, bool Packaged)[] Formats =
        [("applehttp", "m3u8", 1_007, 61, true), ("mpegdash", "mpd", 1_009, 68, true), ("sl", "ism", 0, 67, true), ("hds", "f4m", 0, 63, true), ("url", "mp4", 0, 4, false)];

    public void Register(ServiceTable table)
    {
        table.Add("baseentry", "getPlaybackContext", CallAccess.Session, Context);
        table.Add("baseentry", "getContextData", CallAccess.Session, ContextData);
    }

    async Task<object?> Context(Call call)
    {
        // 1. Whether.
        var (entry, verdict) = await Judge(call);
        var context = new PlatformObject("PlaybackContext")
        {
            { "sources", new List<object?>() }, { "playbackCaptions", new List<object?>() }, { "flavorAssets", new List<object?>() },
            { "actions", verdict.Actions.ToList<object?>() }, { "messages", verdict.Messages.ToList<object?>() }, { "bumperData", new List<object?>() },
        };
        if (verdict.Blocked)
        {
            return context;
        }

        // 2. What: of a live entry always the same, of a clip what is ready.
        var live = EntryView.IsLive(entry.Value);
        var flavors = Limit(await assets.Of(call, entry.Id, "FlavorAsset"), verdict).Where(asset => asset.Long("status") == 2).ToList();
        context["flavorAssets"] = flavors.ToList<object?>();
        context["sources"] = live || flavors.Count > 0 ? Sources(call, entry.Value, live, flavors, verdict) : new List<object?>();
        context["playbackCaptions"] = (await assets.Of(call, entry.Id, "CaptionAsset")).Where(asset => asset.Long("status") == 2).Select(asset => (object?)Caption(call, asset)).ToList();
        if (live && (await entries.GrainOf(entry.Id).State()).CurrentBroadcastStart is > 0 and var since)
        {
            context["activeLiveStreamTime"] = new PlatformObject("ActiveLiveStreamTime") { { "startTime", (long)since }, { "endTime", objects.Now } };
        }

        return context;
    }

    async Task<(StoredObject Entry, AccessVerdict Verdict)> Judge(Call call)
    {
        var entry = await entries.Required(call, call.Text("entryId"));
        var said = call.Optional("contextDataParams");
        var viewer = new Viewer(call.Caller, call.Facts.Ip, Referrer(said?.Text("referrer") ?? "", call.Facts.Referrer), call.Facts.UserAgent, "");
        return (entry, await rules.Judge(entry.Value, viewer));
    }

    /// <summary>A referrer that a player says is in base64, or as it is.</summary>
    public static string Referrer(string said, string header)
    {
        var bytes = new byte[said.Length];
        return said.Length == 0 ? header : Convert.TryFromBase64String(said, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : said;
    }

    public static IEnumerable<PlatformObject> Limit(IEnumerable<PlatformObject> flavors, AccessVerdict verdict)
    {
        foreach (var action in verdict.Actions.Where(action => action.Type == "AccessControlLimitFlavorsAction"))
        {
            var named = action.Words("flavorParamsIds");
            flavors = flavors.Where(asset => named.Contains(asset.Text("flavorParamsId")) != action.Truth("isBlockedList"));
        }

        return flavors;
    }

    List<object?> Sources(Call call, PlatformObject entry, bool live, List<PlatformObject> flavors, AccessVerdict verdict)
    {
        var (id, partner, url) = (entry.Text("id"), entry.Int("partnerId"), call.Facts.BaseUrl);
        var allowed = verdict.Actions.FirstOrDefault(action => action.Type == "AccessControlLimitDeliveryProfilesAction");
        var (packages, ours) = (objects.Options.VodLocation.Length > 0, !live || EntryView.IsOurs(entry.Text("sourceType")));
        return [.. Formats.Where(format => (live ? format.Live : format.Clip) > 0 && (live || packages || !format.Packaged)
            && (ours || OtherServers.AddressOf(entry, format.Format) is not null) && IsAllowed(live ? format.Live : format.Clip)).Select(format => new PlatformObject("PlaybackSource")
        {
            { "deliveryProfileId", Objects.Id(live ? format.Live : format.Clip) }, { "format", format.Format }, { "protocols", "http,https" },
            { "flavorIds", live ? "" : string.Join(',', flavors.Select(asset => asset.Text("id"))) },
            { "url", Urls.Manifest(url, partner, id, format.Format, format.Extension) }, { "drm", new List<object?>() },
        })];

        bool IsAllowed(long profile) => allowed is null || allowed.Words("deliveryProfileIds").Contains(Objects.Id(profile)) != allowed.Truth("isBlockedList");
    }

    static PlatformObject Caption(Call call, PlatformObject asset) => new("CaptionPlaybackPluginData")
    {
        { "label", asset.Text("label") }, { "format", asset.Text("format") }, { "language", asset.Text("language") }, { "isDefault", asset.Truth("isDefault") },
        { "url", Urls.Serve(call.Facts.BaseUrl, "caption_captionasset", "captionAssetId", asset.Text("id")) },
        { "webVttUrl", Urls.Serve(call.Facts.BaseUrl, "caption_captionasset", "captionAssetId", asset.Text("id")).Replace("/serve/", "/serveWebVTT/", StringComparison.Ordinal) },
    };

    async Task<object?> ContextData(Call call)
    {
        var (entry, verdict) = await Judge(call);
        bool Has(string code) => verdict.Messages.Any(message => message.Text("code") == code);
        return new PlatformObject("EntryContextDataResult")
        {
            { "isSiteRestricted", Has("SITE_RESTRICTED") }, { "isCountryRestricted", Has("COUNTRY_RESTRICTED") }, { "isSessionRestricted", Has("SESSION_RESTRICTED") },
            { "isIpAddressRestricted", Has("IP_RESTRICTED") }, { "isUserAgentRestricted", Has("USER_AGENT_RESTRICTED") }, { "previewLength", -1L },
            { "isScheduledNow", !Has("SCHEDULED_RESTRICTED") }, { "isAdmin", call.Caller.IsAdmin }, { "streamerType", "applehttp" }, { "mediaProtocol", Urls.Scheme(call.Facts.BaseUrl) },
            { "accessControlMessages", verdict.Messages.Select(message => (object?)message.Text("message")).ToList() }, { "accessControlActions", verdict.Actions.ToList<object?>() },
            { "messages", verdict.Messages.Select(message => (object?)message.Text("message")).ToList() }, { "actions", verdict.Actions.ToList<object?>() },
            { "flavorAssets", verdict.Blocked ? new List<object?>() : (await assets.Of(call, entry.Id, "FlavorAsset")).ToList<object?>() }, { "msDuration", entry.Value.Long("msDuration") },
        };
    }
}
