using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Services;

// Live entries are made and changed, as far as the partner may and the stream allows.
public sealed partial class LiveStreamService
{
    /// <summary>What must stay while somebody broadcasts.</summary>
    static readonly string[] FixedOnAir = ["dvrStatus", "dvrWindow", "recordingOptions", "recordStatus", "conversionProfileId", "segmentDuration", "explicitLive"];

    static readonly string[] FixedWhileRecording = ["recordStatus", "conversionProfileId"], BeginAnew = [.. FixedWhileRecording, "recordingOptions"];

    /// <summary>What the live grain owns.</summary>
    static readonly string[] LiveFields = ["viewMode", "recordingStatus", "recordedEntryId", "redirectEntryId", "currentBroadcastStartTime", "broadcastTime", "lastElapsedRecordingTime"];

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
}
