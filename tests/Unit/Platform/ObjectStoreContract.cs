using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Unit.Platform;

/// <summary>What every store of the platform's objects does; the tests of each store derive from it.</summary>
public abstract class ObjectStoreContract
{
    /// <summary>An empty store; the test disposes it where it can be disposed.</summary>
    protected abstract Task<IObjectStore> Open();

    [SkippableFact]
    public Task Of_two_who_change_the_same_version_one_is_told() => With(async store =>
    {
        Assert.True(await store.Write(Entry("a", "one", 1)));
        Assert.False(await store.Write(Entry("a", "another", 1)));
        var read = (await store.Read("entry", "a"))!;
        Assert.Equal((1, "one", 102), (read.Version, read.Value.Text("name"), read.Partner));
        Assert.True(await store.Write(read));
        Assert.False(await store.Write(read));
        Assert.Null(await store.Read("entry", "b"));
        Assert.Null(await store.Read("asset", "a"));
    });

    [SkippableFact]
    public Task Many_who_count_lose_nothing() => With(async store =>
    {
        await store.Write(Entry("a", "x", 0));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => store.Change("entry", "a", value => (value["n"] = value.Long("n") + 1) is not null))));
        Assert.Equal(20, (await store.Read("entry", "a"))!.Value.Long("n"));
    });

    [SkippableFact]
    public Task Nobody_gets_a_number_twice() => With(async store =>
    {
        var numbers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => store.Number("user"))));
        Assert.Equal(50, numbers.Distinct().Count());
        Assert.Equal(101, numbers.Min());
        Assert.Equal(101, await store.Number("category"));
    });

    [SkippableFact]
    public Task What_is_removed_is_gone_and_may_be_made_again() => With(async store =>
    {
        await store.Write(Entry("a", "one", 1));
        await store.Remove("entry", "a");
        await store.Remove("entry", "a");
        Assert.Null(await store.Read("entry", "a"));
        Assert.False(await store.Write(Entry("a", "late", 1) with { Version = 1 }));
        Assert.True(await store.Write(Entry("a", "again", 1)));
        Assert.Equal(1, (await store.Find(new ObjectQuery("entry"))).Total);
    });

    [SkippableFact]
    public Task Values_come_back_with_their_types() => With(async store =>
    {
        var value = new PlatformObject("MediaEntry")
        {
            { "id", "a" }, { "whole", long.MaxValue }, { "fraction", 0.1 }, { "round", 12.0 }, { "yes", true }, { "none", null }, { "text", "é \" \\ \n 😀" }, { "_hidden", "x" },
            { "child", new PlatformObject("Rule") { { "code", "c" } } }, { "list", new List<object?> { "one", 2L, new PlatformObject("Item") { { "n", 1L } } } },
        };
        await store.Write(new StoredObject("entry", "a", -5, 0, value));
        var read = (await store.Read("entry", "a"))!;
        Assert.Equal(-5, read.Partner);
        Assert.Equal("MediaEntry", read.Value.Type);
        Assert.Equal([long.MaxValue, 0.1, 12.0, true, null], new[] { "whole", "fraction", "round", "yes", "none" }.Select(name => read.Value[name]));
        Assert.Equal(("é \" \\ \n 😀", "x"), (read.Value.Text("text"), read.Value.Text("_hidden")));
        Assert.Equal("c", read.Value.Object("child")!.Text("code"));
        Assert.Equal(["one", 2L], ((List<object?>)read.Value["list"]!).Take(2));
        Assert.Equal("Item", Assert.Single(read.Value.Objects("list")).Type);
    });

    [SkippableTheory]
    [InlineData("nameEqual", "Morning show", "a")]
    [InlineData("nameLike", "SHOW", "a,c")]
    [InlineData("nameLike", "%", "")]
    [InlineData("nameLike", "_", "")]
    [InlineData("nameStartsWith", "talk", "c")]
    [InlineData("idIn", "b,c,z", "b,c")]
    [InlineData("idNotIn", "b,c", "a")]
    [InlineData("tagsMultiLikeOr", "news,sport", "a,b")]
    [InlineData("tagsMultiLikeAnd", "news,live", "a")]
    [InlineData("createdAtGreaterThanOrEqual", "20", "b,c")]
    [InlineData("createdAtLessThanOrEqual", "20", "a,b")]
    [InlineData("createdAtGreaterThan", "20", "c")]
    [InlineData("statusNotEqual", "7", "a,b")]
    [InlineData("statusGreaterThanOrEqual", "3", "c")]
    [InlineData("freeText", "morn*", "a")]
    [InlineData("freeText", "show news", "a")]
    [InlineData("freeText", "ews", "")]
    [InlineData("freeText", "a-1.mp4", "a")]
    [InlineData("freeText", "mp4", "a")]
    [InlineData("freeText", "' & | ! ( ) : *", "")]
    [InlineData("startDateGreaterThanOrEqualOrNull", "50", "a,c")]
    [InlineData("categoriesIdsMatchOr", "7,9", "b")]
    [InlineData("categoriesIdsMatchAnd", "7,8", "b")]
    [InlineData("partnerSortValueEqual", "1", "b")]
    [InlineData("isWebEqual", "1", "b")]
    [InlineData("isWebNotEqual", "1", "a,c")]
    [InlineData("referenceIdEqual", "x' OR '1'='1", "")]
    public Task A_filter_finds_what_its_name_says(string name, string value, string expected) => With(async store =>
    {
        foreach (var entry in FilterSamples.Entries)
        {
            await store.Write(entry);
        }

        Assert.Equal(expected, await FilterSamples.Find(store, name, value));
    });

    [SkippableFact]
    public Task Pages_and_order_are_as_asked_for() => With(async store =>
    {
        foreach (var entry in FilterSamples.Entries)
        {
            await store.Write(entry);
        }

        async Task<string> InOrder(string order) =>
            string.Join(',', (await store.Find(ListFilter.Query("entry", new PlatformObject("F") { { "orderBy", order } }, null, []))).Objects.Select(stored => stored.Id));
        Assert.Equal("c,b,a", await InOrder("-createdAt"));
        Assert.Equal("b,a,c", await InOrder("+name"));
        Assert.Equal("c,b,a", await InOrder("-startDate"));
        var query = ListFilter.Query("entry", new PlatformObject("F") { { "orderBy", "-createdAt" } }, new PlatformObject("P") { { "pageSize", 2L }, { "pageIndex", 2L } }, []);
        var page = await store.Find(query);
        Assert.Equal((3, "a"), (page.Total, Assert.Single(page.Objects).Id));
        Assert.Equal((3, 0), await store.Find(query with { Skip = 10 }) is var behind ? (behind.Total, behind.Objects.Count) : default);
        Assert.Equal(500, ListFilter.Query("entry", null, new PlatformObject("P") { { "pageSize", 100_000L } }, []).Take);
    });

    [SkippableFact]
    public Task A_partner_sees_its_own_and_what_is_the_platforms() => With(async store =>
    {
        foreach (var (id, partner) in new[] { ("p", 0), ("a", 101), ("b", 102) })
        {
            await store.Write(Entry(id, id, 1) with { Partner = partner });
        }

        async Task<string> Of(ObjectQuery query) => string.Join(',', (await store.Find(query with { OrderBy = "name", Descending = false })).Objects.Select(stored => stored.Id));
        Assert.Equal("a", await Of(new ObjectQuery("entry") { Partner = 101 }));
        Assert.Equal("a,p", await Of(new ObjectQuery("entry") { Partner = 101, WithPlatform = true }));
        Assert.Equal("a,b,p", await Of(new ObjectQuery("entry")));
        Assert.Equal("", await Of(new ObjectQuery("entry") { Partner = 103 }));
    });

    async Task With(Func<IObjectStore, Task> test)
    {
        var store = await Open();
        try
        {
            await test(store);
        }
        finally
        {
            await ((IAsyncDisposable)store).DisposeAsync();
        }
    }

    static StoredObject Entry(string id, string name, long n) => new("entry", id, 102, 0, new PlatformObject("MediaEntry") { { "id", id }, { "name", name }, { "n", n } });
}
