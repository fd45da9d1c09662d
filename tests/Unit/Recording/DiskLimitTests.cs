using Tributary.Grains.Recordings;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Recording;

/// <summary>Where nothing more is written, and why; each folder by its own disk.</summary>
public sealed class DiskLimitTests : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("limit-").FullName;
    readonly ManualTime _time = new();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_folder_that_cannot_be_used_stops_nothing_elsewhere()
    {
        File.WriteAllText(Path.Combine(_root, "recordings"), "a file where a folder should be");
        var (recordings, rewind) = (Folder("recordings"), Folder("rewind"));
        var limit = new DiskLimit(recordings, new RecordingOptions { MinFreeBytes = 0 }, _time);
        Assert.Contains("recordings", limit.Reason(recordings), StringComparison.Ordinal);
        Assert.Empty(limit.Reason(rewind));

        File.Delete(recordings.Root);
        Assert.NotEmpty(limit.Reason(recordings));   // looked at once a second
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(limit.Reason(recordings));
    }

    [Fact]
    public void A_disk_with_less_than_is_to_stay_free_takes_nothing_and_says_so()
    {
        var limit = new DiskLimit(Folder("recordings"), new RecordingOptions { MinFreeBytes = long.MaxValue }, _time);
        Assert.Contains("Recording:MinFreeBytes", limit.Reason(Folder("rewind")), StringComparison.Ordinal);
    }

    [Fact]
    public void As_many_bytes_as_recordings_may_have_end_recordings_and_no_rewinding()
    {
        var recordings = Folder("recordings");
        Directory.CreateDirectory(recordings.FolderOf("studio"));
        File.WriteAllBytes(Path.Combine(recordings.FolderOf("studio"), "studio-v1.mp4"), new byte[100]);
        var limit = new DiskLimit(recordings, new RecordingOptions { MinFreeBytes = 0, MaxBytes = 100 }, _time);
        Assert.Contains("Recording:MaxBytes", limit.Reason(recordings), StringComparison.Ordinal);
        Assert.Empty(limit.Reason(Folder("rewind")));
    }

    JournalFolder Folder(string name) => new(Path.Combine(_root, name));
}
