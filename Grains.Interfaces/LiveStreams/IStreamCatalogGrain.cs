using Orleans.Concurrency;

namespace Tributary.Grains.LiveStreams;

/// <summary>
/// Stands for one page of the list of streams: those whose names fall into shard <c>key</c> of <see cref="StreamCatalog.Shards"/>. Streams enter
/// themselves when their state changes, so listing costs a call per shard and touches no stream.
/// </summary>
[Alias("tributary.stream-catalog")]
public interface IStreamCatalogGrain : IGrainWithIntegerKey
{
    [Alias("put")]
    Task Put(StreamListing listing);

    [Alias("remove")]
    Task Remove(string name);

    [ReadOnly]
    [Alias("list")]
    Task<StreamListing[]> List();
}

/// <summary>A line of the list of streams.</summary>
[GenerateSerializer, Immutable, Alias("tributary.stream-listing")]
public sealed record StreamListing
{
    [Id(0)] public required string Name { get; init; }

    [Id(1)] public required StreamState State { get; init; }

    [Id(2)] public required DateTimeOffset Since { get; init; }

    /// <summary>Node of the source on air; empty where there is none.</summary>
    [Id(3)] public string Node { get; init; } = "";

    [Id(4)] public TrackSummary[] Tracks { get; init; } = [];

    /// <summary>Rises with every change of the stream, over all activations of its grain; an older line never replaces a newer one.</summary>
    [Id(5)] public required long Version { get; init; }
}

/// <summary>The whole catalog, over its shards.</summary>
public static class StreamCatalog
{
    public const int Shards = 16;

    public static IStreamCatalogGrain ShardOf(this IGrainFactory grains, string stream) =>
        grains.GetGrain<IStreamCatalogGrain>(Hash(stream) % Shards);

    /// <summary>Every stream that is live or held, ordered by name.</summary>
    public static async Task<IReadOnlyList<StreamListing>> ListStreams(this IGrainFactory grains)
    {
        var shards = await Task.WhenAll(Enumerable.Range(0, Shards).Select(shard => grains.GetGrain<IStreamCatalogGrain>(shard).List()));
        return [.. shards.SelectMany(lines => lines).OrderBy(line => line.Name, StringComparer.Ordinal)];
    }

    // FNV-1a: the same on every machine and in every release, as string.GetHashCode is not.
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
