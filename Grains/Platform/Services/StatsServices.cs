using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>What players and media servers report.</summary>
public sealed class StatsServices(Objects objects, StatsMinutes minutes, EntryStore entries) : IServiceModule
{
    const int LargestBeacon = 64 * 1_024, BeaconsKept = 20;

    public void Register(ServiceTable table)
    {
        table.Add("stats", "collect", CallAccess.Open, Collect);
        table.Add("livestats", "collect", CallAccess.Open, CollectLive);
        table.Add("beacon_beacon", "add", CallAccess.User, AddBeacon);
        table.Add("beacon_beacon", "list", CallAccess.User, async call => await objects.List(call, "beacon", "BeaconListResponse"));
    }

    // Of an entry that there is; of others nothing is kept, and nothing is said.
    async Task<object?> Collect(Call call)
    {
        var said = call.Object("event");
        if (await Known(said.Text("entryId")) is { } entry)
        {
            var field = said.Long("eventType") switch
            {
                1 or 2 => "loads", 3 => "plays", 4 => "quarter", 5 => "half", 6 => "threeQuarters", 7 => "ends", 12 => "bufferStarts", 17 => "seeks", _ => $"event{said.Text("eventType")}",
            };
            minutes.Add(entry.Id, entry.Partner, field, 1, said.Text("sessionId"));
        }

        return true;
    }

    async Task<object?> CollectLive(Call call)
    {
        var said = call.Object("event");
        if (await Known(said.Text("entryId")) is { } entry)
        {
            var (dvr, session) = (said.Long("eventType") == 2, said.Text("sessionId"));
            minutes.Add(entry.Id, entry.Partner, dvr ? "dvrViews" : "liveViews", 1, session);
            minutes.Add(entry.Id, entry.Partner, "bitrateSum", said.Number("bitrate"));
            minutes.Add(entry.Id, entry.Partner, "bufferTime", said.Number("bufferTime"));
            if (said.Long("eventIndex") <= 1)
            {
                minutes.Add(entry.Id, entry.Partner, "plays", 1, session);
            }
        }

        return true;
    }

    async ValueTask<StoredObject?> Known(string id) => id.Length is > 0 and <= 64 ? await objects.Store.Read(EntryStore.Kind, id) : null;

    // The newest of each kind and object is found by its name; those that are to be logged are kept as well, a few.
    async Task<object?> AddBeacon(Call call)
    {
        var beacon = call.Object("beacon");
        if (beacon.Text("privateData").Length + beacon.Text("rawData").Length > LargestBeacon)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_WRONG_FORMAT", "KalturaBeacon::privateData", "at most 64 KiB");
        }

        if (beacon.Text("relatedObjectType") == "4")
        {
            await entries.Required(call, beacon.Text("objectId"));
        }

        var key = $"{beacon.Text("relatedObjectType")}.{beacon.Text("objectId")}.{beacon.Text("eventType")}";
        await Put(call, beacon.Copy(), key, "State");
        if (call.Long("shouldLog") == 1)
        {
            var number = await objects.Store.Number("beacon");
            await Put(call, beacon, $"{key}.{Objects.Id(number % BeaconsKept)}", "Log");
        }

        return true;
    }

    async Task Put(Call call, PlatformObject beacon, string key, string index)
    {
        key = key.Length <= 250 ? key : key[..250];
        (beacon["id"], beacon["indexType"], beacon["updatedAt"], beacon["createdAt"]) = (key, index, objects.Now, objects.Now);
        while (!await objects.Store.Write(new StoredObject("beacon", key, call.Partner, (await objects.Store.Read("beacon", key))?.Version ?? 0, beacon)))
        {
            // Somebody else wrote the same beacon: the later one stays.
        }
    }
}
