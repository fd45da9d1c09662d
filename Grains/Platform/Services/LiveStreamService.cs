using System.Security.Cryptography;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Outside;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Live entries: made, shown, changed, and asked whether they are on air. What media servers say of them is in the other part.</summary>
public sealed partial class LiveStreamService(
    Objects objects, EntryStore entries, Partners partners, MediaServerNodes nodes, ConversionProfiles profiles, Entries.Recordings recordings, ContentStore content,
    ContentResources resources, OtherServers others, IGrainFactory grains) : IServiceModule
{
    const string LiveStream = "7", Ready = "2";

    /// <summary>What must stay while somebody broadcasts.</summary>
    static readonly string[] FixedOnAir = ["dvrStatus", "dvrWindow", "recordingOptions", "recordStatus", "conversionProfileId", "segmentDuration", "explicitLive"];

    static readonly string[] FixedWhileRecording = ["recordStatus", "conversionProfileId"], BeginAnew = [.. FixedWhileRecording, "recordingOptions"];

    /// <summary>What the live grain owns.</summary>
    static readonly string[] LiveFields = ["viewMode", "recordingStatus", "recordedEntryId", "redirectEntryId", "currentBroadcastStartTime", "broadcastTime", "lastElapsedRecordingTime"];

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

    async Task<object?> Add(Call call)
    {
        // 1. What every live entry has.
        var entry = call.Object("liveStreamEntry");
        var source = call.Text("sourceType", entry.Text("sourceType", call.Account.Value.Text("_defaultLiveSource")));
        Require(entry.Has("mediaType"), "mediaType");
        Require(source.Length > 0, "sourceType");
        Require(!EntryView.IsOurs(source) || entry.Has("streamPassword"), "streamPassword");
        CheckWishes(call, entry);

        // 2. Its profile: the one it names, or the partner's.
        var profile = await profiles.Live(call, entry.Has("conversionProfileId") ? entry.Long("conversionProfileId") : null);
        entry["conversionProfileId"] = profile?.Value["id"];
        entry["flavorParamsIds"] = profile?.Value.Text("flavorParamsIds") ?? "";
        entry["_transcoded"] = profile is not null && await profiles.IsTranscoded(profile.Value.Long("id"));

        // 3. The rest by what the partner may.
        entry["sourceType"] = source;
        entry["conversionQuality"] = entry.Text("conversionProfileId");
        entry["recordStatus"] = entry["recordStatus"] ?? (MayRecord(call.Account) ? 1L : 0L);
        entry["segmentDuration"] = call.Account.Has("FEATURE_DYNAMIC_SEGMENT_DURATION") ? entry["segmentDuration"] ?? 6_000L : 6_000L;
        entry["operationAttributes"] = new List<object?>();
        var wishes = Split(entry);
        await entries.Add(call, entry, LiveStream, Ready);
        var id = entry.Text("id");
        if (!entry.Has("streamName"))
        {
            entry = await objects.Change(EntryStore.Kind, id, value => value["streamName"] = id + "_%i");
        }

        await profiles.MakeLiveAssets(entry, profile?.Value);
        var state = wishes is null ? await entries.GrainOf(id).State() : await entries.GrainOf(id).Set(wishes);
        return entries.Show(call, entry, state);
    }

    static void Require(bool fulfilled, string property)
    {
        if (!fulfilled)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", $"KalturaLiveStreamEntry::{property}");
        }
    }

    static bool MayRecord(Account account) => account.Has("FEATURE_LIVE_STREAM_RECORD") || account.Has("FEATURE_LIVE_STREAM_KALTURA_RECORDING");

    static void CheckWishes(Call call, PlatformObject entry)
    {
        if (entry.Long("recordStatus") > 0 && !MayRecord(call.Account) && !call.Caller.IsMediaServer)
        {
            throw PlatformException.Of("RECORDING_DISABLED");
        }

        if (entry.Text("srtPass") is { Length: > 0 and (< 10 or > 79) })
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_WRONG_FORMAT", "KalturaLiveStreamEntry::srtPass", "10 to 79 characters");
        }

        if (call.Account.Has("FEATURE_DYNAMIC_SEGMENT_DURATION") && entry.Has("segmentDuration") && entry.Long("segmentDuration") is < 2_000 or > 20_000)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_WRONG_FORMAT", "KalturaLiveEntry::segmentDuration", "2000 to 20000 milliseconds");
        }
    }

    async Task<object?> Update(Call call)
    {
        var stored = await entries.Editable(call, call.Text("entryId"), LiveStream);
        var changes = call.Object("liveStreamEntry");
        var state = await entries.GrainOf(stored.Id).State();
        await CheckUpdate(call, stored.Value, changes, state);
        CheckWishes(call, changes);
        if (Changes(stored.Value, changes, "conversionProfileId"))
        {
            var profile = await profiles.Live(call, changes.Long("conversionProfileId"));
            changes["flavorParamsIds"] = profile!.Value.Text("flavorParamsIds");
            changes["_transcoded"] = await profiles.IsTranscoded(profile.Value.Long("id"));
            await profiles.MakeLiveAssets(stored.Value, profile.Value);
        }

        // Another profile or another way of recording begins another recording.
        var anew = BeginAnew.Any(field => Changes(stored.Value, changes, field));
        var wishes = Split(changes);
        wishes = anew ? (wishes ?? new LiveEntryChange()) with { RecordedEntry = "", RedirectEntry = "" } : wishes;
        var updated = changes.Count > 0 ? await objects.Update(stored, changes) : stored.Value;
        return entries.Show(call, updated, wishes is null ? state : await entries.GrainOf(stored.Id).Set(wishes));
    }

    async Task CheckUpdate(Call call, PlatformObject entry, PlatformObject changes, LiveEntryState state)
    {
        var onAir = state.Status is LiveStatus.Playable or LiveStatus.Broadcasting;
        if (onAir && FixedOnAir.FirstOrDefault(field => Changes(entry, changes, field)) is { } busy)
        {
            throw PlatformException.Of("CANNOT_UPDATE_FIELDS_WHILE_ENTRY_BROADCASTING", busy);
        }

        if (state.RecordedEntry.Length > 0 && FixedWhileRecording.FirstOrDefault(field => Changes(entry, changes, field)) is { } waiting
            && await objects.Store.Read(EntryStore.Kind, state.RecordedEntry) is { Value: var recorded } && recorded.Text("status") != Ready)
        {
            throw PlatformException.Of("CANNOT_UPDATE_FIELDS_RECORDED_ENTRY_STILL_NOT_READY", waiting);
        }
    }

    static bool Changes(PlatformObject entry, PlatformObject changes, string field) => changes.Names(field) && (changes[field] is PlatformObject || changes.Text(field) != entry.Text(field));

    // What belongs to the live grain, taken out of what is stored with the entry.
    static LiveEntryChange? Split(PlatformObject entry)
    {
        if (!LiveFields.Any(entry.Names))
        {
            return null;
        }

        var change = new LiveEntryChange
        {
            ViewMode = entry.Has("viewMode") ? entry.Int("viewMode") : null,
            RecordingStatus = entry.Has("recordingStatus") ? entry.Int("recordingStatus") : null,
            RecordedEntry = entry.Names("recordedEntryId") ? entry.Text("recordedEntryId") : null,
            RedirectEntry = entry.Names("redirectEntryId") ? entry.Text("redirectEntryId") : null,
            CurrentBroadcastStart = entry.Has("currentBroadcastStartTime") ? entry.Number("currentBroadcastStartTime") : null,
        };
        foreach (var field in LiveFields)
        {
            entry.Remove(field);
        }

        return change;
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
