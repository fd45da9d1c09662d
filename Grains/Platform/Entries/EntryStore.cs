using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.LiveEntries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Entries;

/// <summary>Entries for the services that work on them: found, shown, listed, made, changed and deleted with all that belongs to them.</summary>
public sealed partial class EntryStore(Objects objects, EntryView view, ContentStore content, IGrainFactory grains, ILogger<EntryStore> log)
{
    public const string Kind = "entry", AssetKind = "asset";

    static readonly string[] OwnedKinds = [AssetKind, "cuePoint", "categoryEntry"];

    public ILiveEntryGrain GrainOf(string entry) => grains.GetGrain<ILiveEntryGrain>(entry);

    /// <summary>An entry of <paramref name="type"/> that the caller may see.</summary>
    public async Task<StoredObject> Required(Call call, string id, string? type = null) =>
        await Find(call, id) is { } stored && (type is null || stored.Value.Text("type") == type) ? stored : throw PlatformException.Of("ENTRY_ID_NOT_FOUND", id);

    public async ValueTask<StoredObject?> Find(Call call, string id)
    {
        // A session for one entry has no other.
        if (call.Caller.Rights.Value("limitentry") is { } only && only != id)
        {
            return null;
        }

        return await objects.Find(call, Kind, id);
    }

    /// <summary>An entry that the caller may change.</summary>
    public async Task<StoredObject> Editable(Call call, string id, string? type = null)
    {
        var stored = await Required(call, id, type);
        return EntryView.MayEdit(call, stored.Value) ? stored : throw PlatformException.Of("SERVICE_FORBIDDEN", $"{call.Action.Service}->{call.Action.Name}");
    }

    public async Task<PlatformObject> Show(Call call, PlatformObject entry) =>
        view.Show(call, entry, EntryView.IsLive(entry) ? await GrainOf(entry.Text("id")).State() : null);

    public PlatformObject Show(Call call, PlatformObject entry, LiveEntryState live) => view.Show(call, entry, live);

    /// <summary>A list with filter and pager; the meanings of the live filters are here.</summary>
    public async Task<PlatformObject> List(Call call, string type, params Condition[] also)
    {
        var filter = call.Optional("filter");
        var conditions = (await LiveConditions(filter)).Concat(also).ToList();
        if (call.Caller.Rights.Value("limitentry") is { } only)
        {
            conditions.Add(Test.Equal("id", only));
        }

        var query = ListFilter.Query(Kind, Plain(filter), call.Optional("pager"), conditions) with { Partner = call.Scope };
        var page = await objects.Store.Find(query);
        var shown = new List<PlatformObject>(page.Objects.Count);
        foreach (var stored in page.Objects)
        {
            shown.Add(view.Show(call, stored.Value, EntryView.IsLive(stored.Value) ? await StateOf(stored.Id) : null));
        }

        return Objects.ListOf(type, page.Total, shown);
    }

    public async Task<long> Count(Call call, params Condition[] also)
    {
        var filter = call.Optional("filter");
        var query = ListFilter.Query(Kind, Plain(filter), null, [.. await LiveConditions(filter), .. also]) with { Partner = call.Scope, Take = 1 };
        return (await objects.Store.Find(query)).Total;
    }

    // Lists read what the grains have written; asking each grain would cost a call for every line.
    async Task<LiveEntryState> StateOf(string id)
    {
        var state = await objects.Store.Read(LiveEntryGrain.StateKind, id) is { } stored ? LiveEntryObjects.StateOf(stored.Value) : new LiveEntryState();
        var rows = await objects.Store.All(LiveEntryGrain.RowKind, null, Test.Equal("entryId", id));
        return state with { Rows = [.. rows.Select(row => LiveEntryObjects.RowOf(row.Value)).Where(row => row.ExpiresAt + WriteSlack > objects.Now)] };
    }

    /// <summary>A registration that is only repeated is written this late.</summary>
    const int WriteSlack = 30;

    static PlatformObject? Plain(PlatformObject? filter)
    {
        if (filter is null)
        {
            return null;
        }

        var plain = filter.Copy();
        foreach (var name in new[] { "isLive", "hasMediaServerHostname", "redirectFromEntryId", "isRecordedEntryIdEmpty", "isRoot" })
        {
            plain.Remove(name);
        }

        return plain;
    }

    async Task<IEnumerable<Condition>> LiveConditions(PlatformObject? filter)
    {
        var conditions = new List<Condition>();
        if (filter is null)
        {
            return conditions;
        }

        if (filter.Has("isLive") || filter.Has("hasMediaServerHostname"))
        {
            conditions.AddRange(await OnAir(filter));
        }

        if (filter.Text("redirectFromEntryId") is { Length: > 0 } from)
        {
            var to = (await GrainOf(from).State()).RedirectEntry;
            conditions.Add(Test.Equal("id", to.Length > 0 ? to : from));
        }

        return conditions;
    }

    async Task<IEnumerable<Condition>> OnAir(PlatformObject filter)
    {
        var alive = new Test("_expiresAt", TestKind.AtLeast, Objects.Id(objects.Now - WriteSlack));
        var conditions = new List<Condition>();
        if (filter.Has("isLive"))
        {
            var playable = await objects.Store.All(LiveEntryGrain.RowKind, null, Test.Equal("status", LiveStatus.Playable), alive);
            Condition live = new Test("id", TestKind.In, [.. playable.Select(row => row.Value.Text("entryId"))]);
            conditions.Add(filter.Truth("isLive") ? live : new Not(live));
        }

        if (filter.Text("hasMediaServerHostname") is { Length: > 0 } host)
        {
            var rows = await objects.Store.All(LiveEntryGrain.RowKind, null, Test.Equal("_host", host), alive);
            conditions.Add(new Test("id", TestKind.In, [.. rows.Select(row => row.Value.Text("entryId"))]));
        }

        return conditions;
    }

    /// <summary>Stores a new entry with what every entry has.</summary>
    public async Task<PlatformObject> Add(Call call, PlatformObject entry, string type, string status)
    {
        entry["type"] = type;
        entry["status"] = status;
        entry["userId"] = entry.Text("userId", call.Caller.User);
        entry["creatorId"] = call.Caller.User;
        foreach (var (name, value) in Defaults)
        {
            entry[name] = entry[name] ?? value;
        }

        entry["searchText"] = string.Join(' ', new[] { entry.Text("name"), entry.Text("description"), entry.Text("tags") }.Where(text => text.Length > 0));
        entry["accessControlId"] = entry["accessControlId"] ?? (call.Account.Value["_defaultAccessControl"] ?? 0L);
        return await objects.Add(Kind, entry, call.Partner, Objects.NewId());
    }

    static readonly (string Name, object Value)[] Defaults =
    [
        ("moderationStatus", 6L), ("moderationCount", 0L), ("rank", 0L), ("totalRank", 0L), ("votes", 0L), ("licenseType", -1L), ("version", 0L),
        ("replacementStatus", "0"), ("partnerSortValue", 0L), ("entitledUsersEdit", ""), ("entitledUsersPublish", ""), ("entitledUsersView", ""),
        ("displayInSearch", 1L), ("plays", 0L), ("views", 0L), ("duration", 0L), ("msDuration", 0L),
    ];

    public async Task Delete(StoredObject entry)
    {
        foreach (var kind in OwnedKinds)
        {
            foreach (var owned in await objects.Store.All(kind, null, Test.Equal("entryId", entry.Id)))
            {
                DeleteFiles(owned.Value);
                await objects.Store.Remove(kind, owned.Id);
            }
        }

        var isOnAir = false;
        if (EntryView.IsLive(entry.Value))
        {
            isOnAir = (await GrainOf(entry.Id).State()).Rows.Length > 0;
            await GrainOf(entry.Id).Delete();
        }

        content.Delete(entry.Value.Text("_thumbnail"));
        await objects.Store.Remove(Kind, entry.Id);
        if (isOnAir)
        {
            await SendEncodersAway(entry.Id);
        }
    }

    /// <summary>Those of this cluster at once. Other media servers hear of it when they ask or register again, and so do ours where this fails.</summary>
    public async Task SendEncodersAway(string entry)
    {
        try
        {
            await grains.GetGrain<ILiveStreamGrain>(entry).Evict();
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogNotSentAway(entry, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The encoder of entry {Entry} is to go, and could not be told at once: {Why}")]
    partial void LogNotSentAway(string entry, string why);

    public void DeleteFiles(PlatformObject asset)
    {
        content.Delete(asset.Text("_file"));
        foreach (var piece in asset.Objects("_pieces"))
        {
            content.Delete(piece.Text("file"));
        }
    }
}
