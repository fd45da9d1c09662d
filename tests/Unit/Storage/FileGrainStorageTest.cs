using Orleans.Storage;
using Tributary.Grains.Storage;

namespace Tributary.Unit.Storage;

public sealed class FileGrainStorageTest : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("tributary-storage-").FullName;
    static readonly GrainId Stream = GrainId.Create("live-stream", "../etc/päth with spaces");

    FileGrainStorage Storage => new(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_written_is_read_by_the_next_process()
    {
        var written = new GrainState { State = new Numbers { Next = 42 } };
        await Storage.WriteStateAsync("numbers", Stream, written);

        var read = new GrainState();
        await Storage.ReadStateAsync("numbers", Stream, read);

        Assert.Equal((42, true, "1"), (read.State!.Next, read.RecordExists, read.ETag));
        Assert.All(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories), file => Assert.StartsWith(_folder, Path.GetFullPath(file)));
    }

    [Fact]
    public async Task A_state_that_was_never_written_is_new()
    {
        var read = new GrainState();
        await Storage.ReadStateAsync("numbers", Stream, read);

        Assert.Equal((0, false, null), (read.State!.Next, read.RecordExists, read.ETag));
    }

    [Fact]
    public async Task A_write_that_did_not_read_the_newest_is_refused_and_changes_nothing()
    {
        var first = new GrainState { State = new Numbers { Next = 1 } };
        await Storage.WriteStateAsync("numbers", Stream, first);
        var stale = new GrainState();
        await Storage.ReadStateAsync("numbers", Stream, stale);
        first.State.Next = 2;
        await Storage.WriteStateAsync("numbers", Stream, first);

        stale.State!.Next = 99;
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("numbers", Stream, stale));

        await Storage.ReadStateAsync("numbers", Stream, stale);
        Assert.Equal(2, stale.State.Next);
    }

    [Fact]
    public async Task A_half_written_file_of_a_crash_does_not_count()
    {
        var state = new GrainState { State = new Numbers { Next = 7 } };
        await Storage.WriteStateAsync("numbers", Stream, state);
        var file = Directory.GetFiles(_folder, "*.json", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file + ".new", "{\"Grain\":");

        var read = new GrainState();
        await Storage.ReadStateAsync("numbers", Stream, read);

        Assert.Equal(7, read.State!.Next);
    }

    [Fact]
    public async Task A_cleared_state_is_gone()
    {
        var state = new GrainState { State = new Numbers { Next = 7 } };
        await Storage.WriteStateAsync("numbers", Stream, state);
        await Storage.ClearStateAsync("numbers", Stream, state);

        await Storage.ReadStateAsync("numbers", Stream, state);
        Assert.False(state.RecordExists);
    }

    public sealed class Numbers
    {
        public int Next { get; set; }
    }

    sealed class GrainState : IGrainState<Numbers>
    {
        public string? ETag { get; set; }

        public bool RecordExists { get; set; }

        public Numbers? State { get; set; }
    }
}
