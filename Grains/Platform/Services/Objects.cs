using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>The platform's objects as services need them: made with ids and times, found for a caller, changed, listed.</summary>
public sealed class Objects(IObjectStore store, IOptions<PlatformOptions> options, TimeProvider time)
{
    const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";

    public IObjectStore Store => store;

    public PlatformOptions Options => options.Value;

    /// <summary>Unix seconds.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>An id of an entry or asset: <c>0_</c> and eight letters or digits that nobody can guess the next of.</summary>
    public static string NewId() => "0_" + RandomNumberGenerator.GetString(Letters, 8);

    public static string Id(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Stores a new object with an id of its own: text where <paramref name="id"/> is given or asked for by <see cref="NewId"/>, else a number.</summary>
    public async Task<PlatformObject> Add(string kind, PlatformObject value, int partner, string? id = null)
    {
        var key = id ?? Id(await store.Number(kind));
        value["id"] = id is null ? long.Parse(key, CultureInfo.InvariantCulture) : key;
        value["partnerId"] = (long)partner;
        value["createdAt"] = value["updatedAt"] = Now;
        return await store.Write(new StoredObject(kind, key, partner, 0, value))
            ? value
            : throw new InvalidOperationException($"There is a {kind} {key} already.");
    }

    /// <summary>An object that the caller may see; null: there is none for it. With <paramref name="platform"/> also those of the platform itself.</summary>
    public async ValueTask<StoredObject?> Find(Call call, string kind, string id, bool platform = false) =>
        id.Length > 0 && await store.Read(kind, id) is { } stored && (call.Sees(stored.Partner) || platform && stored.Partner == 0) ? stored : null;

    /// <summary>Changes an object by what a client sent: named properties are set, or cleared where they are null.</summary>
    public async Task<PlatformObject> Update(StoredObject stored, PlatformObject changes) =>
        await Change(stored.Kind, stored.Id, value =>
        {
            Apply(value, changes);
            value["updatedAt"] = Now;
        });

    public static void Apply(PlatformObject value, PlatformObject changes)
    {
        foreach (var (name, content) in changes)
        {
            value[name] = content;
        }
    }

    public async Task<PlatformObject> Change(string kind, string id, Action<PlatformObject> change) =>
        await store.Change(kind, id, value =>
        {
            change(value);
            return true;
        }) ?? throw new InvalidOperationException($"There is no {kind} {id} any more.");

    /// <summary>A page of what the caller may see, by its filter and pager, as the list response of <paramref name="type"/>.</summary>
    public async Task<PlatformObject> List(
        Call call, string kind, string type, Func<PlatformObject, PlatformObject>? show = null, bool platform = false, params Condition[] also)
    {
        var query = ListFilter.Query(kind, call.Optional("filter"), call.Optional("pager"), also) with { Partner = call.Scope, WithPlatform = platform };
        return ListOf(type, await store.Find(query), show);
    }

    public static PlatformObject ListOf(string type, ObjectPage page, Func<PlatformObject, PlatformObject>? show = null) =>
        ListOf(type, page.Total, page.Objects.Select(stored => show is null ? stored.Value : show(stored.Value)));

    public static PlatformObject ListOf(string type, long total, IEnumerable<PlatformObject> objects) => new(type)
    {
        { "totalCount", total },
        { "objects", objects.ToList<object?>() },
    };
}
