using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Storage;

/// <summary>A stored object of the platform. <see cref="Value"/> belongs to the store: copy it before changing anything.</summary>
/// <param name="Kind">What it is: entry, asset, partner …</param>
/// <param name="Version">Rises with every write; 0: it was never written.</param>
public sealed record StoredObject(string Kind, string Id, int Partner, long Version, PlatformObject Value);

/// <summary>A page of a list, and how many there are in all.</summary>
public sealed record ObjectPage(long Total, IReadOnlyList<StoredObject> Objects);

/// <summary>
/// Where the platform's objects are: files on a single node, PostgreSQL in a cluster. A write carries the version that was read, so that of two who
/// change the same object one is told.
/// </summary>
public interface IObjectStore
{
    /// <summary>Whether what the objects are kept in is ready for this version of the product, so that nobody has to begin a setup for it.</summary>
    Task<bool> IsSetUp();

    /// <summary>
    /// Makes ready what the objects are kept in. What is done until the result is disposed is done by one process at a time.
    /// </summary>
    Task<IAsyncDisposable> BeginSetup();

    ValueTask<StoredObject?> Read(string kind, string id);

    /// <summary>Durable when it returns. False: somebody else wrote since it was read, or made it already.</summary>
    Task<bool> Write(StoredObject stored);

    Task Remove(string kind, string id);

    Task<ObjectPage> Find(ObjectQuery query);

    /// <summary>A number of a kind that nobody else gets.</summary>
    Task<long> Number(string kind);
}

public static class ObjectStoreExtensions
{
    /// <summary>
    /// Reads, changes a copy and writes, again where somebody else was faster. <paramref name="change"/> answers whether there is anything to write.
    /// Null: there is no such object.
    /// </summary>
    public static async Task<PlatformObject?> Change(this IObjectStore store, string kind, string id, Func<PlatformObject, bool> change)
    {
        while (await store.Read(kind, id) is { } read)
        {
            var copy = read.Value.Copy();
            if (!change(copy) || await store.Write(read with { Value = copy }))
            {
                return copy;
            }
        }

        return null;
    }

    /// <summary>One that fulfils the tests; null: there is none.</summary>
    public static async Task<StoredObject?> First(this IObjectStore store, string kind, int? partner, params Test[] tests) =>
        (await store.Find(new ObjectQuery(kind) { Partner = partner, Where = new Every([.. tests]), Take = 1 })).Objects is [var found] ? found : null;

    public static async Task<IReadOnlyList<StoredObject>> All(this IObjectStore store, string kind, int? partner, params Test[] tests) =>
        (await store.Find(new ObjectQuery(kind) { Partner = partner, Where = new Every([.. tests]), Take = int.MaxValue })).Objects;
}
