using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Unit.Platform;

/// <summary>What the store of files does beyond <see cref="ObjectStoreContract"/>: it is found again after a restart, and after a crash.</summary>
public sealed class FileObjectStoreTests : ObjectStoreContract, IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tributary-objects-");

    public void Dispose() => _folder.Delete(recursive: true);

    protected override Task<IObjectStore> Open() => Task.FromResult<IObjectStore>(new FileObjectStore(_folder.FullName));

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

    static StoredObject Entry(string id, string name, long n) => new("entry", id, 102, 0, new PlatformObject("MediaEntry") { { "id", id }, { "name", name }, { "n", n }, { "d", 12.0 } });
}
