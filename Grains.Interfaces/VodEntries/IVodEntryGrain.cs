using Orleans.Concurrency;

namespace Tributary.Grains.VodEntries;

/// <summary>Stands for one thing that can be played on demand: what it is called, what state it is in, and where its bytes are. The key is its id.</summary>
[Alias("tributary.vod-entry")]
public interface IVodEntryGrain : IGrainWithStringKey
{
    /// <summary>A recording begins, or goes on: the entry exists from now on. Saying the same again changes nothing.</summary>
    [Alias("record")]
    Task Record(string stream, string name);

    /// <summary>Its volumes are these now, each known by its file. False: there is no such entry (any more).</summary>
    [Alias("put")]
    Task<bool> Put(RecordedVolume[] volumes);

    /// <summary>Nothing more is added.</summary>
    [Alias("complete")]
    Task Complete();

    /// <summary>Forgets it; its files go with the next sweep of the nodes that hold them. False: there is none.</summary>
    [Alias("delete")]
    Task<bool> Delete();

    /// <summary>Null where there is no such entry.</summary>
    [ReadOnly]
    [Alias("describe")]
    Task<VodEntryDescription?> Describe();
}

/// <summary>Stands for one page of the list of entries: those whose ids fall into its shard.</summary>
[Alias("tributary.vod-catalog")]
public interface IVodCatalogGrain : IGrainWithIntegerKey
{
    [Alias("add")]
    Task Add(string entry);

    [Alias("remove")]
    Task Remove(string entry);

    [ReadOnly]
    [Alias("list")]
    Task<string[]> List();
}

/// <summary>The whole list of entries, over its shards.</summary>
public static class VodCatalog
{
    const int Shards = 16;

    public static IVodCatalogGrain VodShardOf(this IGrainFactory grains, string entry) => grains.GetGrain<IVodCatalogGrain>(Hash(entry) % Shards);

    /// <summary>Every entry, the newest first.</summary>
    public static async Task<IReadOnlyList<VodEntryDescription>> ListEntries(this IGrainFactory grains)
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, Shards).Select(shard => grains.GetGrain<IVodCatalogGrain>(shard).List()));
        var entries = await Task.WhenAll(ids.SelectMany(some => some).Select(id => grains.GetGrain<IVodEntryGrain>(id).Describe()));
        return [.. entries.OfType<VodEntryDescription>().OrderByDescending(entry => entry.Created).ThenBy(entry => entry.Id, StringComparer.Ordinal)];
    }

    // FNV-1a: the same on every machine and in every release.
    static uint Hash(string name)
    {
        var hash = 2_166_136_261;
        foreach (var letter in name)
        {
            hash = (hash ^ letter) * 16_777_619;
        }

        return hash;
    }
}
