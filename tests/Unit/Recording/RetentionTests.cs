using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tributary.Grains.KLive;
using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;
using Tributary.Unit.Rtmp;

namespace Tributary.Unit.Recording;

/// <summary>Recordings that are old go, but none of which the platform has still to be given something.</summary>
public sealed class RetentionTests : IDisposable
{
    const string LiveEntry = "0_abcdefgh", Journal = "1_zyxwvuts";

    readonly JournalFixture _media = new();
    readonly string _root = Directory.CreateTempSubdirectory("retention-").FullName;
    readonly JournalFolders _folders;
    readonly HandoverMarks _marks;
    readonly ManualTime _time = new();
    readonly FakeEntries _entries;
    readonly JournalSweep _sweep;
    readonly DvrOptions _dvr = new() { Streams = { ["studio"] = TimeSpan.FromMinutes(10) } };
    string _volume = "";

    public RetentionTests()
    {
        _folders = new JournalFolders(new JournalFolder(Path.Combine(_root, "recordings")), new JournalFolder(Path.Combine(_root, "dvr")));
        _marks = new HandoverMarks(_folders);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var grains = DispatchProxy.Create<IGrainFactory, FakeEntries>();
        _entries = (FakeEntries)(object)grains;
        _sweep = new JournalSweep(
            _folders, new RecordingOptions { Retention = TimeSpan.FromHours(1) }, _dvr, grains, new RecordingEvents { IsAwaited = _marks.Awaits },
            new RecordingMetrics(meters), _time, NullLogger.Instance);
        _time.Advance(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch);   // files have the times of the machine
    }

    public void Dispose()
    {
        _media.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData(LiveEntry, false)]
    [InlineData("studio", true)]
    public async Task A_recording_of_a_live_entry_stays_until_the_platform_has_it(string stream, bool goes)
    {
        Record(stream, end: true);
        Assert.Equal(goes ? null : LiveEntry, _marks.EntryOf(Journal, _volume));
        await Sweep(TimeSpan.FromHours(2));
        Assert.Equal(goes, IsGone);
        Assert.Equal(goes, _entries.Deleted);

        _marks.Put(Journal, _volume, HandoverMarks.Appended);
        await Sweep(TimeSpan.FromHours(2));
        Assert.True(IsGone);
    }

    [Fact]
    public async Task What_the_platform_does_not_want_goes_when_it_is_old()
    {
        Record(LiveEntry, end: true);
        _marks.Put(Journal, _volume, HandoverMarks.Kept);
        await Sweep(TimeSpan.FromMinutes(30));
        Assert.False(IsGone);
        await Sweep(TimeSpan.FromHours(1));
        Assert.True(IsGone);
    }

    [Fact]
    public async Task A_piece_that_waits_outlives_an_entry_that_another_node_has_deleted()
    {
        Record(LiveEntry, end: true);
        _entries.Deleted = true;
        await Sweep(TimeSpan.FromMinutes(5));
        Assert.False(IsGone);
        _marks.Put(Journal, _volume, HandoverMarks.Appended);
        await Sweep(TimeSpan.FromMinutes(5));
        Assert.True(IsGone);
    }

    [Fact]
    public void A_volume_that_is_being_written_is_not_awaited_yet()
    {
        Record(LiveEntry, end: false);
        Assert.False(_marks.Awaits(Journal));
        Assert.False(_marks.Awaits("1_nothing00"));
    }

    [Fact]
    public async Task A_rewind_window_loses_what_is_too_old_and_the_oldest_where_it_is_too_much()
    {
        string[] volumes = ["studio-000001-000001", "studio-000001-000002", "studio-000001-000003", "studio-000001-000004"];
        for (var i = 0; i < volumes.Length; i++)
        {
            Rewind(volumes[i], ago: TimeSpan.FromMinutes(12 - 4 * i));
        }

        await Sweep(TimeSpan.FromMinutes(1));
        Assert.Equal(volumes[1..], Left());
        _dvr.MaxBytes = 250;
        await Sweep(TimeSpan.FromSeconds(10));
        Assert.Equal(volumes[2..], Left());
        await Sweep(TimeSpan.FromMinutes(20));
        Assert.False(Directory.Exists(_folders.Rewind.FolderOf("studio")));

        string[] Left() => [.. _folders.Rewind.Volumes("studio").Select(volume => volume.Volume)];
    }

    void Rewind(string volume, TimeSpan ago)
    {
        Directory.CreateDirectory(_folders.Rewind.FolderOf("studio"));
        File.WriteAllBytes(_folders.Rewind.MediaPath("studio", volume, "v1"), new byte[90]);
        File.WriteAllBytes(_folders.Rewind.IndexPath("studio", volume), new byte[10]);
        File.SetLastWriteTimeUtc(_folders.Rewind.IndexPath("studio", volume), DateTime.UtcNow - ago);
    }

    bool IsGone => !Directory.Exists(_folders.Recordings.FolderOf(Journal));

    void Record(string stream, bool end)
    {
        _media.Publish(0, 1, 2, 3);
        var writer = new JournalWriter(_folders.Recordings, new JournalPlan(Journal, stream, Journal, 1, 0, TimeSpan.FromMinutes(15)), "node-1", TimeProvider.System);
        _media.Write(writer, 0, 3);
        if (end)
        {
            writer.Close();
        }
        else
        {
            writer.Abandon();
        }

        _volume = _folders.Recordings.Volumes(Journal)[0].Volume;
    }

    async Task Sweep(TimeSpan later)
    {
        _time.Advance(later);
        await _sweep.Run([]);
    }

    /// <summary>The one entry of the recording, until it is deleted.</summary>
    public class FakeEntries : DispatchProxy, IVodEntryGrain
    {
        public bool Deleted { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod is { Name: nameof(IGrainFactory.GetGrain) } ? this : throw new NotSupportedException();

        public Task<bool> Delete()
        {
            Deleted = true;
            return Task.FromResult(true);
        }

        public Task<VodEntryDescription?> Describe() => Task.FromResult(Deleted ? null : new VodEntryDescription
        {
            Id = Journal, Name = "", State = VodEntryState.Ready, Duration = TimeSpan.FromSeconds(6), Created = DateTimeOffset.UnixEpoch,
        });

        public Task Record(string stream, string name) => throw new NotSupportedException();

        public Task<bool> Put(RecordedVolume[] volumes) => throw new NotSupportedException();

        public Task Complete() => throw new NotSupportedException();
    }
}
