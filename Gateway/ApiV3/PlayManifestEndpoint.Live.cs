using Microsoft.AspNetCore.Http;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Outside;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Gateway.ApiV3;

// Live entries: the way to a media server's own master.
sealed partial class PlayManifestEndpoint
{
    async Task Live(HttpContext context, ManifestRequest request, StoredObject entry, (string Packager, string File) format, Caller caller)
    {
        if (!EntryView.IsOurs(entry.Value.Text("sourceType")))
        {
            var address = OtherServers.AddressOf(entry.Value, request.Text("format", "applehttp")) ?? throw new ManifestErrorException(NoAddress, "live configuration not found");
            Redirect(context, address.AbsoluteUri, TimeSpan.FromSeconds(60));
            return;
        }

        // A stream that is over has a recording that is not.
        var state = await grains.GetGrain<ILiveEntryGrain>(entry.Id).State();
        var preview = entry.Value.Truth("explicitLive") && state.ViewMode != 1 && !(caller.IsAdmin || caller.Rights.Allows("edit", entry.Id));
        var rows = state.Rows.Where(row => row.Status == LiveStatus.Playable && !preview && (request.Number("streamType") is not { } wanted || row.Index == wanted)).OrderBy(row => row.Index).ToList();
        if (rows.Count == 0)
        {
            var recorded = state.RedirectEntry.Length > 0 ? await store.Read(EntryStore.Kind, state.RedirectEntry) : null;
            if (recorded?.Value.Text("status") == "2" && !preview)
            {
                Redirect(context, $"{Base(context)}/p/{entry.Partner}/sp/{entry.Partner}00/playManifest/entryId/{recorded.Id}/format/{request.Text("format", "applehttp")}/protocol/{context.Request.Scheme}/a", TimeSpan.FromSeconds(5));
                return;
            }

            throw new ManifestErrorException(NotLive, "not live");
        }

        foreach (var row in rows)
        {
            if (await Master(context, entry.Id, row, format) is { } url)
            {
                Redirect(context, url, TimeSpan.FromSeconds(2));
                return;
            }
        }

        throw new ManifestErrorException(BadFormat, "the media server has no such format");
    }

    /// <summary>The node's own master. Our nodes serve live entries under their ids; of others what their registration says.</summary>
    async Task<string?> Master(HttpContext context, string entry, LiveRow row, (string Packager, string File) format)
    {
        var node = await store.Read(MediaServerNodes.Kind, Objects.Id(row.ServerNode));
        if (node?.Value.Text("type") == "wowza.WOWZA_MEDIA_SERVER" && format.Packager == "hls")
        {
            var (scheme, port) = (node.Value.Text("liveServiceProtocol", "http"), node.Value.Long("liveServicePort", 1_935));
            return $"{scheme}://{row.Host}:{port}/{row.Application}/smil:{entry}_all.smil/playlist.m3u8?DVR";
        }

        var places = node?.Value.Objects("mediaServerPlaybackDomainConfig").Where(pair => pair.Text("value").Length > 0).ToList() ?? [];
        var place = places.Find(pair => pair.Text("key") == context.Request.Scheme) ?? places.FirstOrDefault();
        return format.Packager is "hls" or "dash" ? $"{(place is null ? Base(context) : $"{place.Text("key")}://{place.Text("value")}")}/live/{entry}/{format.File}" : null;
    }
}
