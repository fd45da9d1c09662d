using System.Globalization;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.LiveEntries;

/// <summary>The live state of an entry as stored objects, and back.</summary>
static class LiveEntryObjects
{
    public static string IdOf(long id) => id.ToString(CultureInfo.InvariantCulture);

    public static PlatformObject Of(string entry, LiveEntryState state) => new("LiveState")
    {
        { "entry", entry },
        { "firstBroadcast", state.FirstBroadcast },
        { "lastBroadcast", state.LastBroadcast },
        { "lastBroadcastEnd", state.LastBroadcastEnd },
        { "currentBroadcastStart", state.CurrentBroadcastStart },
        { "primaryServerNode", state.PrimaryServerNode },
        { "recordedEntry", state.RecordedEntry },
        { "redirectEntry", state.RedirectEntry },
        { "viewMode", state.ViewMode is { } mode ? (long)mode : null },
        { "recordingStatus", state.RecordingStatus is { } status ? (long)status : null },
        { "broadcastTime", state.BroadcastTime },
        { "recordedSeconds", state.RecordedSeconds },
        { "lastElapsedRecording", state.LastElapsedRecording },
    };

    public static LiveEntryState StateOf(PlatformObject value) => new()
    {
        FirstBroadcast = value.Long("firstBroadcast"),
        LastBroadcast = value.Long("lastBroadcast"),
        LastBroadcastEnd = value.Long("lastBroadcastEnd"),
        CurrentBroadcastStart = value.Number("currentBroadcastStart"),
        PrimaryServerNode = value.Long("primaryServerNode"),
        RecordedEntry = value.Text("recordedEntry"),
        RedirectEntry = value.Text("redirectEntry"),
        ViewMode = value.Has("viewMode") ? value.Int("viewMode") : null,
        RecordingStatus = value.Has("recordingStatus") ? value.Int("recordingStatus") : null,
        BroadcastTime = value.Long("broadcastTime"),
        RecordedSeconds = value.Number("recordedSeconds"),
        LastElapsedRecording = value.Long("lastElapsedRecording"),
    };

    /// <summary>Whether anything differs that is stored with the state; registrations are stored by themselves.</summary>
    public static bool Differs(LiveEntryState left, LiveEntryState right) => left with { Rows = None } != right with { Rows = None };

    static readonly LiveRow[] None = [];   // records compare arrays by reference

    public static LiveRow RowOf(PlatformObject value) => new()
    {
        Id = value.Long("id"),
        Index = value.Int("serverType"),
        ServerNode = value.Long("serverNodeId"),
        Host = value.Text("_host"),
        Status = value.Int("status"),
        CreatedAt = value.Long("createdAt"),
        UpdatedAt = value.Long("updatedAt"),
        ExpiresAt = value.Long("_expiresAt"),
        Application = value.Text("_application"),
    };

    /// <summary>Writes a registration; what media servers said of their streams stays.</summary>
    public static async Task Write(IObjectStore store, string entry, int partner, LiveRow row)
    {
        var id = IdOf(row.Id);
        if (await store.Change(LiveEntryGrain.RowKind, id, value => Fill(value, entry, partner, row)) is null)
        {
            var value = new PlatformObject("LiveEntryServerNode") { { "isPlayableUser", true } };
            Fill(value, entry, partner, row);
            await store.Write(new StoredObject(LiveEntryGrain.RowKind, id, partner, 0, value));
        }
    }

    /// <summary>Writes a registration that is there; where it is not, or the store fails, the next repetition does.</summary>
    public static Task Refresh(IObjectStore store, string entry, int partner, LiveRow row) =>
        store.Change(LiveEntryGrain.RowKind, IdOf(row.Id), value => Fill(value, entry, partner, row));

    static bool Fill(PlatformObject value, string entry, int partner, LiveRow row)
    {
        (value["id"], value["entryId"], value["partnerId"]) = (row.Id, entry, (long)partner);
        (value["serverNodeId"], value["serverType"], value["status"]) = (row.ServerNode, row.Index.ToString(CultureInfo.InvariantCulture), (long)row.Status);
        (value["createdAt"], value["updatedAt"], value["_expiresAt"]) = (row.CreatedAt, row.UpdatedAt, row.ExpiresAt);
        (value["_host"], value["_application"]) = (row.Host, row.Application);
        return true;
    }
}
