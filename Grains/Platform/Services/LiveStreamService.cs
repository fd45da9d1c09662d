using System.Security.Cryptography;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Outside;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Live entries: made, shown, changed, and asked whether they are on air. What media servers say of them is in another part.</summary>
public sealed partial class LiveStreamService(
    Objects objects, EntryStore entries, Partners partners, MediaServerNodes nodes, ConversionProfiles profiles, Entries.Recordings recordings, ContentStore content,
    ContentResources resources, OtherServers others, IGrainFactory grains) : IServiceModule
{
    const string LiveStream = "7", Ready = "2";

    public void Register(ServiceTable table)
    {
        table.Add("livestream", "add", CallAccess.User, Add);
        table.Add("livestream", "get", CallAccess.Session, async call => await entries.Show(call, (await entries.Required(call, call.Text("entryId"), LiveStream)).Value));
        table.Add("livestream", "list", CallAccess.Session, async call => await entries.List(call, "LiveStreamListResponse", Test.Equal("type", LiveStream)));
        table.Add("livestream", "update", CallAccess.User, Update);
        table.Add("livestream", "delete", CallAccess.User, Delete);
        table.Add("livestream", "isLive", CallAccess.Open, IsLive);
        table.Add("livestream", "getDetails", CallAccess.Open, Details);
        table.Add("livestream", "regenerateStreamToken", CallAccess.User, RegenerateToken);
        table.Add("livestream", "createPeriodicSyncPoints", CallAccess.User, CreateSyncPoints);
        table.Add("livestream", "addLiveStreamPushPublishConfiguration", CallAccess.User, AddPush);
        table.Add("livestream", "removeLiveStreamPushPublishConfiguration", CallAccess.User, RemovePush);
        table.Add("livestream", "updateOfflineThumbnailJpeg", CallAccess.User, OfflineThumbnail);
        table.Add("livestream", "updateOfflineThumbnailFromUrl", CallAccess.User, OfflineThumbnailFromUrl);
        table.Add("livestream", "archive", CallAccess.User, Archive);
        RegisterMediaServers(table);
    }

    async Task<object?> Delete(Call call)
    {
        await entries.Delete(await entries.Editable(call, call.Text("entryId"), LiveStream));
        return null;
    }

    async Task<object?> IsLive(Call call)
    {
        var stored = await EntryOf(call);
        var protocol = call.Text("protocol");
        if (!EntryView.IsOurs(stored.Value.Text("sourceType")))
        {
            return await others.IsOnAir(OtherServers.AddressOf(stored.Value, protocol) ?? throw PlatformException.Of("LIVE_STREAM_STATUS_CANNOT_BE_DETERMINED", protocol));
        }

        var state = await entries.GrainOf(stored.Id).State();
        return state.IsPlayable && EntryView.VisibleStatus(call, stored.Value, state) == LiveStatus.Playable;
    }

    async Task<object?> Details(Call call)
    {
        var stored = await EntryOf(call);
        var state = await entries.GrainOf(stored.Id).State();
        var visible = EntryView.VisibleStatus(call, stored.Value, state);
        var explicitLive = stored.Value.Truth("explicitLive");
        var mode = explicitLive ? state.ViewMode ?? 0 : 1;
        long Shown(int index) => visible == LiveStatus.Stopped ? LiveStatus.Stopped : state.StatusOf(index);
        return new PlatformObject("LiveStreamDetails")
        {
            { "primaryStreamStatus", Shown(0) }, { "secondaryStreamStatus", Shown(1) }, { "viewMode", (long)mode }, { "wasBroadcast", state.FirstBroadcast > 0 },
            { "broadcastStatus", !state.IsPlayable || visible != LiveStatus.Playable ? 1L : mode == 0 ? 2L : 3L },
        };
    }

    // Everybody may ask, whoever's it is.
    async Task<StoredObject> EntryOf(Call call)
    {
        var id = call.Text("id");
        return id.Length > 0 && await objects.Store.Read(EntryStore.Kind, id) is { } stored && EntryView.IsLive(stored.Value)
            && (call.Caller.IsAnonymous || call.Sees(stored.Partner)) ? stored : throw PlatformException.Of("INVALID_ENTRY_ID", id);
    }

    async Task<object?> RegenerateToken(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), LiveStream);
        if (!EntryView.IsOurs(stored.Value.Text("sourceType")))
        {
            throw PlatformException.Of("CANNOT_REGENERATE_STREAM_TOKEN_FOR_EXTERNAL_LIVE_STREAMS", stored.Value.Text("sourceType"));
        }

        var changed = await objects.Change(EntryStore.Kind, stored.Id, value => value["streamPassword"] = RandomNumberGenerator.GetHexString(8, lowercase: true));
        await entries.SendEncodersAway(stored.Id);   // who came in with the old token
        return await entries.Show(call, changed);
    }

    // Seconds. The order stays with the stream: an encoder that comes while it lasts emits them too.
    async Task<object?> CreateSyncPoints(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), LiveStream);
        var until = DateTimeOffset.FromUnixTimeSeconds(objects.Now + Math.Clamp(call.Long("duration"), 0, 7 * 86_400));
        await grains.GetGrain<ILiveStreamGrain>(stored.Id).EmitSyncPoints(new SyncPointOrder(TimeSpan.FromSeconds(Math.Clamp(call.Long("interval"), 1, 3_600)), until));
        return null;
    }

    async Task<object?> AddPush(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), LiveStream);
        var push = call.Optional("liveStreamConfiguration")?.Copy() ?? new PlatformObject("LiveStreamConfiguration");
        push["protocol"] = call.Text("protocol");
        push["url"] = call.Text("url", push.Text("url"));
        return await ChangePush(call, stored, list => list.Add(push));
    }

    async Task<object?> RemovePush(Call call) =>
        await ChangePush(call, await entries.Editable(call, call.Text("entryId"), LiveStream), _ => { });

    async Task<object?> ChangePush(Call call, StoredObject stored, Action<List<object?>> change)
    {
        var changed = await objects.Change(EntryStore.Kind, stored.Id, value =>
        {
            var list = value.Objects("_push").Where(push => push.Text("protocol") != call.Text("protocol")).ToList<object?>();
            change(list);
            (value["_push"], value["pushPublishEnabled"]) = (list, list.Count > 0 ? 1L : 0L);
        });
        return await entries.Show(call, changed);
    }

    async Task<object?> OfflineThumbnail(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), LiveStream);
        return await SetThumbnail(call, stored, content.Adopt(call.File("fileData").Path, stored.Id, "jpg"));
    }

    async Task<object?> OfflineThumbnailFromUrl(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), LiveStream);
        resources.Import(call.Text("url"), stored.Id, "jpg", async name => await SetThumbnail(call, stored, name), _ => Task.CompletedTask);
        return await entries.Show(call, stored.Value);
    }

    async Task<object?> SetThumbnail(Call call, StoredObject stored, string name)
    {
        content.Delete(stored.Value.Text("_thumbnail"));
        return await entries.Show(call, await objects.Change(EntryStore.Kind, stored.Id, value => (value["_thumbnail"], value["version"]) = (name, value.Long("version") + 1)));
    }

    async Task<object?> Archive(Call call)
    {
        var live = await entries.Editable(call, call.Text("liveEntryId"), LiveStream);
        var vod = await entries.Editable(call, call.Text("vodEntryId"));
        await entries.GrainOf(live.Id).Set(new LiveEntryChange { RecordedEntry = vod.Id, RedirectEntry = vod.Id });
        return true;
    }
}
