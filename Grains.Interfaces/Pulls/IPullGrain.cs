using Orleans.Concurrency;

namespace Tributary.Grains.Pulls;

/// <summary>
/// Stands for one source that the cluster pulls: where from, which node does it (primary), and which would (backup). The key is the name of the stream
/// that it publishes. It moves when its node dies or drains.
/// </summary>
[Alias("tributary.pull")]
public interface IPullGrain : IGrainWithStringKey
{
    /// <summary>Pulls from there from now on, also after a restart of everything. Saying the same again changes nothing. Null: the cluster pulls as many as it may.</summary>
    [Alias("start")]
    Task<PullDescription?> Start(PullSource source);

    /// <summary>Pulls no more. False: it did not.</summary>
    [Alias("stop")]
    Task<bool> Stop();

    /// <summary>What the node that pulls says: at each change, and every second. The answer is what it shall do.</summary>
    [Alias("report")]
    Task<PullOrder> Report(PullReport report);

    /// <summary>Comes to life, if it is not, and looks after its node.</summary>
    [OneWay]
    [Alias("tend")]
    Task Tend();

    /// <summary>Null where nothing is pulled.</summary>
    [ReadOnly]
    [Alias("describe")]
    Task<PullDescription?> Describe();
}

/// <summary>Stands for the list of what is pulled. There is one, with key 0. It sees to it that every pull has a grain that lives.</summary>
[Alias("tributary.pull-catalog")]
public interface IPullCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>False: there are as many as there may be.</summary>
    [Alias("add")]
    Task<bool> Add(string name);

    [Alias("remove")]
    Task Remove(string name);

    [Alias("names")]
    Task<string[]> Names();

    /// <summary>Comes to life, if it is not: ingest nodes say so every few seconds, for after a restart of everything nobody else would.</summary>
    [OneWay]
    [Alias("wake")]
    Task Wake();
}
