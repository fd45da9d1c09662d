using System.Security.Cryptography;
using System.Text;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>What media servers call: authenticate, register, unregister, and hand over recordings.</summary>
public sealed partial class LiveStreamService
{
    void RegisterMediaServers(ServiceTable table)
    {
        table.Add("livestream", "authenticate", CallAccess.MediaServer, Authenticate);
        table.Add("livestream", "registerMediaServer", CallAccess.MediaServer, RegisterServer);
        table.Add("livestream", "unregisterMediaServer", CallAccess.MediaServer, UnregisterServer);
        table.Add("livestream", "validateRegisteredMediaServers", CallAccess.MediaServer, Validate);
        table.Add("livestream", "createRecordedEntry", CallAccess.MediaServer, CreateRecorded);
        table.Add("livestream", "appendRecording", CallAccess.MediaServer, Append);
        table.Add("livestream", "setRecordedContent", CallAccess.MediaServer, SetRecorded);
    }

    async Task<object?> Authenticate(Call call)
    {
        // 1. The entry, whether its partner may, and its token.
        var stored = await Required(call);
        var account = await AccountOf(stored.Partner);
        if (!Same(call.Text("token"), stored.Value.Text("streamPassword")))
        {
            throw PlatformException.Of("LIVE_STREAM_INVALID_TOKEN", stored.Id);
        }

        // 2. The limits of its partner.
        await CheckLimits(account, stored);

        // 3. Who has it from now on, where the media server says so.
        if (call.Text("hostname") is not { Length: > 0 } host || !call.Arguments.Has("mediaServerIndex"))
        {
            return await entries.Show(call, stored.Value);
        }

        var state = await entries.GrainOf(stored.Id).Authenticate(await RegistrationOf(call, stored, host, LiveStatus.Authenticated));
        return entries.Show(call, stored.Value, state);
    }

    async Task<Account> AccountOf(int partner) => await partners.Find(partner) is not { } account ? throw PlatformException.Of("UNKNOWN_PARTNER_ID", partner)
        : account.IsBlocked ? throw PlatformException.Of("SERVICE_FORBIDDEN_CONTENT_BLOCKED")
        : account;

    async Task CheckLimits(Account account, StoredObject stored)
    {
        var (entry, limits) = (stored.Value, grains.GetGrain<ILiveLimitGrain>(account.Id));
        var transcoded = entry.Truth("_transcoded");
        var most = account.Value.Int(transcoded ? "_maxOutputs" : "_maxInputs", -1);
        if (most >= 0 && !await limits.Admit(stored.Id, new LiveClass { Transcoded = transcoded }, most))
        {
            throw PlatformException.Of(transcoded ? "LIVE_STREAM_EXCEEDED_MAX_TRANSCODED" : "LIVE_STREAM_EXCEEDED_MAX_PASSTHRU", stored.Id);
        }

        foreach (var tag in entry.Words("adminTags"))
        {
            if (account.Value.Object("_maxByAdminTag") is { } byTag && byTag.Has(tag) && !await limits.Admit(stored.Id, new LiveClass { AdminTag = tag }, byTag.Int(tag)))
            {
                throw PlatformException.Of("LIVE_STREAM_EXCEEDED_MAX_CONCURRENT_BY_ADMIN_TAG", stored.Id, tag, byTag.Int(tag));
            }
        }
    }

    async Task<object?> RegisterServer(Call call)
    {
        var stored = await Required(call);
        if (call.Caller.IsMediaServer)
        {
            await AccountOf(stored.Partner);
        }

        var registration = await RegistrationOf(call, stored, call.Text("hostname"), call.Arguments.Int("liveEntryStatus", LiveStatus.Playable));
        return entries.Show(call, stored.Value, await entries.GrainOf(stored.Id).Register(registration));
    }

    async Task<object?> UnregisterServer(Call call)
    {
        var stored = await Required(call);
        var registration = await RegistrationOf(call, stored, call.Text("hostname"), LiveStatus.Stopped);
        return entries.Show(call, stored.Value, await entries.GrainOf(stored.Id).Unregister(registration));
    }

    async Task<object?> Validate(Call call)
    {
        await entries.GrainOf((await Required(call)).Id).Validate();
        return null;
    }

    async Task<object?> CreateRecorded(Call call)
    {
        var stored = await Required(call);
        var host = await HostOf(stored.Id, call.Arguments.Int("mediaServerIndex"));
        var registration = new LiveRegistration
        {
            Partner = stored.Partner, Index = call.Arguments.Int("mediaServerIndex"), ServerNode = 0, Host = host, Status = call.Arguments.Int("liveEntryStatus"),
            RecordStatus = stored.Value.Int("recordStatus"), ExplicitLive = stored.Value.Truth("explicitLive"),
        };
        return entries.Show(call, stored.Value, await entries.GrainOf(stored.Id).CreateRecorded(registration));
    }

    async Task<string> HostOf(string entry, int index) => (await entries.GrainOf(entry).State()).Rows.FirstOrDefault(row => row.Index == index)?.Host ?? "";

    async Task<LiveRegistration> RegistrationOf(Call call, StoredObject stored, string host, int status) => new()
    {
        Partner = stored.Partner,
        Index = call.Arguments.Int("mediaServerIndex"),
        ServerNode = await nodes.Active(host) ?? throw PlatformException.Of("MEDIA_SERVER_NOT_FOUND", host),
        Host = host,
        Application = call.Text("applicationName"),
        Status = status,
        RecordStatus = stored.Value.Int("recordStatus"),
        ShouldCreateRecordedEntry = call.Arguments.Truth("shouldCreateRecordedEntry"),
        ExplicitLive = stored.Value.Truth("explicitLive"),
    };

    async Task<object?> Append(Call call)
    {
        // 1. Whether the platform takes recordings of it from media servers at all.
        var stored = await Required(call);
        if ((await AccountOf(stored.Partner)).Has("FEATURE_LIVE_STREAM_KALTURA_RECORDING"))
        {
            throw PlatformException.Of("KALTURA_RECORDING_ENABLED", stored.Partner);
        }

        var live = await objects.Store.Read(EntryStore.AssetKind, call.Text("assetId"));
        if (live is null || live.Value.Text("entryId") != stored.Id)
        {
            throw PlatformException.Of("ASSET_ID_NOT_FOUND", call.Text("assetId"));
        }

        // 2. What it is recorded to, and whether this piece is new. The backup's pieces count where there are none of the primary.
        var grain = entries.GrainOf(stored.Id);
        var state = await grain.State();
        if (state.RecordedEntry.Length == 0 && stored.Value.Int("recordStatus") > 0)
        {
            state = await grain.CreateRecorded(await RegistrationForRecording(call, stored));
        }

        var index = call.Arguments.Int("mediaServerIndex");
        var resource = call.Object("resource");
        if (state.RecordedEntry.Length == 0 || index != 0 && state.Rows.Any(row => row.Index == 0))
        {
            return entries.Show(call, stored.Value, state);
        }

        var piece = new RecordedPiece
        {
            Key = $"{index}.{ContentResources.KeyOf(resource)}",
            Asset = live.Id,
            Duration = TimeSpan.FromSeconds(Math.Clamp(call.Arguments.Number("duration"), 0, 7 * 86_400)),
            IsAnchor = live.Value.Words("tags").Contains("recording_anchor"),
            IsLast = call.Arguments.Truth("isLastChunk"),
        };
        if (await recordings.Has(state.RecordedEntry, live.Value, piece.Key))
        {
            return entries.Show(call, stored.Value, state);
        }

        if (piece.IsAnchor && state.RecordedSeconds + piece.Duration.TotalSeconds > objects.Options.MaxRecording.TotalSeconds)
        {
            throw PlatformException.Of("LIVE_STREAM_EXCEEDED_MAX_RECORDED_DURATION", stored.Id);
        }

        await resources.Verify(call, resource, state.RecordedEntry);
        var place = await grain.Append(piece, objects.Options.MaxRecording) ?? throw PlatformException.Of("LIVE_STREAM_EXCEEDED_MAX_RECORDED_DURATION", stored.Id);

        // 3. The file: stored once, also if the first try broke off behind the piece's place.
        await recordings.Add(call, place, piece, live.Value, resource);
        return entries.Show(call, stored.Value, await grain.State());
    }

    async Task<LiveRegistration> RegistrationForRecording(Call call, StoredObject stored) => new()
    {
        Partner = stored.Partner, Index = 0, ServerNode = 0, Host = await HostOf(stored.Id, 0), Status = LiveStatus.Playable,
        RecordStatus = stored.Value.Int("recordStatus"), ExplicitLive = stored.Value.Truth("explicitLive"),
    };

    async Task<object?> SetRecorded(Call call)
    {
        var stored = await Required(call);
        if (!(await AccountOf(stored.Partner)).Has("FEATURE_LIVE_STREAM_KALTURA_RECORDING"))
        {
            throw PlatformException.Of("KALTURA_RECORDING_DISABLED", stored.Partner);
        }

        var grain = entries.GrainOf(stored.Id);
        var state = await grain.State();
        var recorded = call.Text("recordedEntryId", state.RecordedEntry);
        if (call.Arguments.Int("mediaServerIndex") != 0)
        {
            return entries.Show(call, stored.Value, state);
        }

        var vod = recorded.Length == 0 ? null : await objects.Store.Read(EntryStore.Kind, recorded);
        if (vod is null || vod.Value.Text("rootEntryId") != stored.Id)
        {
            throw PlatformException.Of("RECORDED_ENTRY_LIVE_MISMATCH", stored.Id, recorded);
        }

        await recordings.Replace(call, vod, call.Object("resource"), call.Arguments.Number("duration"), call.Arguments.Has("flavorParamsId") ? call.Long("flavorParamsId") : null);
        return entries.Show(call, stored.Value, await grain.State());
    }

    // Partner −5 without another partner sees every partner's entries.
    Task<StoredObject> Required(Call call) => entries.Required(call, call.Text("entryId"), LiveStream);

    static bool Same(string given, string expected) => expected.Length > 0 && CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
}
