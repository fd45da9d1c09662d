using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Unit.Platform;

public sealed class ObjectStoreTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tributary-objects-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_was_written_is_there_after_a_restart()
    {
        await using (var store = new FileObjectStore(_folder.FullName))
        {
            Assert.True(await store.Write(Entry("a", "one", 1)));
            Assert.True(await store.Write(Entry("b", "two", 2)));
            await store.Change("entry", "a", value => (value["name"] = "changed") is not null);
            await store.Remove("entry", "b");
            Assert.Equal(101, await store.Number("entry"));
        }

        await using var again = new FileObjectStore(_folder.FullName);
        Assert.Equal("changed", (await again.Read("entry", "a"))!.Value.Text("name"));
        Assert.Equal(2, (await again.Read("entry", "a"))!.Version);
        Assert.Null(await again.Read("entry", "b"));
        Assert.Equal(102, await again.Number("entry"));
    }

    [Fact]
    public async Task Of_two_who_change_the_same_version_one_is_told()
    {
        await using var store = new FileObjectStore(_folder.FullName);
        await store.Write(Entry("a", "one", 1));
        Assert.False(await store.Write(Entry("a", "another", 1)));
        var read = (await store.Read("entry", "a"))!;
        Assert.True(await store.Write(read));
        Assert.False(await store.Write(read));
    }

    [Fact]
    public async Task Many_who_count_lose_nothing()
    {
        await using var store = new FileObjectStore(_folder.FullName);
        await store.Write(Entry("a", "x", 0));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => store.Change("entry", "a", value => (value["n"] = value.Long("n") + 1) is not null))));
        Assert.Equal(50, (await store.Read("entry", "a"))!.Value.Long("n"));
    }

    [Theory]
    [InlineData("{\"k\":\"entry\",\"i\":\"half")]
    [InlineData("not json\n")]
    [InlineData("{}\n")]
    public async Task A_line_that_a_crash_left_is_cut_off(string torn)
    {
        await using (var store = new FileObjectStore(_folder.FullName))
        {
            await store.Write(Entry("a", "é", 1));
        }

        var path = Path.Combine(_folder.FullName, "objects.jsonl");
        var whole = new FileInfo(path).Length;
        await File.AppendAllTextAsync(path, torn);
        await using (var again = new FileObjectStore(_folder.FullName))
        {
            Assert.Equal(whole, new FileInfo(path).Length);
            await again.Write(Entry("b", "two", 2));
        }

        await using var third = new FileObjectStore(_folder.FullName);
        Assert.Equal("é", (await third.Read("entry", "a"))!.Value.Text("name"));
        Assert.NotNull(await third.Read("entry", "b"));
    }

    [Fact]
    public async Task A_file_of_old_lines_is_written_anew()
    {
        await using (var store = new FileObjectStore(_folder.FullName))
        {
            await store.Write(Entry("a", "x", 0));
            await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(async () =>
            {
                for (var at = 0; at < 300; at++)
                {
                    await store.Change("entry", "a", value => (value["n"] = value.Long("n") + 1) is not null);
                }
            })));
        }

        Assert.True(new FileInfo(Path.Combine(_folder.FullName, "objects.jsonl")).Length < 1_000_000);
        await using var again = new FileObjectStore(_folder.FullName);
        Assert.Equal(12_000, (await again.Read("entry", "a"))!.Value.Long("n"));
    }

    [Theory]
    [InlineData("nameEqual", "Morning show", "a")]
    [InlineData("nameLike", "SHOW", "a,c")]
    [InlineData("idIn", "b,c,z", "b,c")]
    [InlineData("idNotIn", "b,c", "a")]
    [InlineData("tagsMultiLikeOr", "news,sport", "a,b")]
    [InlineData("tagsMultiLikeAnd", "news,live", "a")]
    [InlineData("createdAtGreaterThanOrEqual", "20", "b,c")]
    [InlineData("createdAtLessThanOrEqual", "20", "a,b")]
    [InlineData("statusNotEqual", "7", "a,b")]
    [InlineData("freeText", "morn*", "a")]
    [InlineData("freeText", "show news", "a")]
    [InlineData("freeText", "ews", "")]
    [InlineData("startDateGreaterThanOrEqualOrNull", "50", "a,c")]
    [InlineData("categoriesIdsMatchOr", "7,9", "b")]
    [InlineData("partnerSortValueEqual", "1", "b")]
    [InlineData("referenceIdEqual", "x' OR '1'='1", "")]
    public async Task A_filter_finds_what_its_name_says(string name, string value, string expected)
    {
        await using var store = new FileObjectStore(_folder.FullName);
        foreach (var entry in FilterSamples.Entries)
        {
            await store.Write(entry);
        }

        Assert.Equal(expected, await FilterSamples.Find(store, name, value));
    }

    [Fact]
    public async Task Pages_and_order_are_as_asked_for()
    {
        await using var store = new FileObjectStore(_folder.FullName);
        foreach (var entry in FilterSamples.Entries)
        {
            await store.Write(entry);
        }

        var query = ListFilter.Query("entry", new PlatformObject("F") { { "orderBy", "-createdAt" } }, new PlatformObject("P") { { "pageSize", 2L }, { "pageIndex", 2L } }, []);
        var page = await store.Find(query);
        Assert.Equal((3, "a"), (page.Total, Assert.Single(page.Objects).Id));
        Assert.Equal(500, ListFilter.Query("entry", null, new PlatformObject("P") { { "pageSize", 100_000L } }, []).Take);
    }

    static StoredObject Entry(string id, string name, long n) => new("entry", id, 102, 0, new PlatformObject("MediaEntry") { { "id", id }, { "name", name }, { "n", n }, { "d", 12.0 } });
}
