using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Unit.Platform;

/// <summary>Entries to filter; the tests of both stores use them.</summary>
static class FilterSamples
{
    public static IEnumerable<StoredObject> Entries =>
    [
        Entry("a", "Morning show", "news,live", 10, "2", null, "", 0, "a-1.mp4"),
        Entry("b", "Evening", "sport", 20, "2", 40, "7, 8", 1),
        Entry("c", "Talk show", "", 30, "7", 60, "", 2),
    ];

    public static async Task<string> Find(IObjectStore store, string name, string value)
    {
        var query = ListFilter.Query("entry", new PlatformObject("Filter") { { name, value }, { "orderBy", "+createdAt" } }, null, []);
        return string.Join(',', (await store.Find(query)).Objects.Select(stored => stored.Id));
    }

    static StoredObject Entry(string id, string name, string tags, long created, string status, long? start, string categories, long sort, string reference = "") => new("entry", id, 102, 0, new PlatformObject("MediaEntry")
    {
        { "id", id }, { "name", name }, { "tags", tags }, { "createdAt", created }, { "status", status }, { "startDate", start }, { "categoriesIds", categories }, { "partnerSortValue", sort },
        { "referenceId", reference }, { "isWeb", sort == 1 },
    });
}
