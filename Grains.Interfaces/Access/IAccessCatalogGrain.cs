using Orleans.Concurrency;

namespace Tributary.Grains.Access;

/// <summary>
/// Stands for what operators decided about single streams. There is one, with key 0. Every host keeps a copy and asks now and then for a newer one, so
/// no viewer and no encoder ever waits for it.
/// </summary>
[Alias("tributary.access-catalog")]
public interface IAccessCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>The list; null where <paramref name="known"/> is its version.</summary>
    [ReadOnly]
    [Alias("read")]
    Task<AccessList?> Read(long known);

    /// <summary>False: there are as many streams in it as there may be.</summary>
    [Alias("set")]
    Task<bool> Set(StreamAccess access);

    /// <summary>The rules of the configuration hold again. False: nothing had been decided.</summary>
    [Alias("clear")]
    Task<bool> Clear(string stream);
}
