using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.KLive;
using Tributary.Grains.Recordings;
using Tributary.Media.Frames;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Live;
using Tributary.Unit.Packaging;

namespace Tributary.Unit.Recording;

/// <summary>A recorder with both its journals, from frames as they come to it to the files.</summary>
public sealed class RecorderTests : IDisposable
{
    const string Stream = "0_abcdefgh", Entry = "1_abcdefgh";

    readonly SyntheticStream _media = new();
    readonly string _root = Directory.CreateTempSubdirectory("recorder-").FullName;
    readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public void Dispose()
    {
        _media.Dispose();
        _services.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData(SyncPointStreams.Entries, true)]
    [InlineData(SyncPointStreams.Off, false)]
    public void What_is_rewound_has_the_bytes_of_live_and_a_recording_those_without_timed_metadata(SyncPointStreams streams, bool has)
    {
        var rule = new SyncPointRule(streams);
        var folders = new JournalFolders(new JournalFolder(Path.Combine(_root, "recordings")), new JournalFolder(Path.Combine(_root, "rewind")));
        using var live = new LiveWindow(new LiveWindowOptions(), rule.In(LiveMuxers.All, Stream));
        using var plain = new LiveWindow(new LiveWindowOptions(), LiveMuxers.All);

        // 1. The same frames to a gateway's window and to the recorder, which this thread works for.
        var options = new RecordingOptions();
        using var loop = new RecorderLoop(Options.Create(options));
        loop.Dispose();
        var context = new RecorderContext(
            "node-1", folders, options, new DvrOptions(), rule, null!, loop, new RecordingMetrics(_services.GetRequiredService<IMeterFactory>()), new RecordingEvents(), TimeProvider.System,
            NullLogger.Instance);
        using var recorder = new Recorder(new RecordingAssignment { Stream = Stream, Epoch = 1, Entry = Entry, Rewind = TimeSpan.FromHours(1) }, context);
        for (var msn = 0; msn < 3; msn++)
        {
            MarkedFrame[] frames = [.. _media.Segment(_media.Mark(msn))];
            ((IAsyncObserver<FrameBatch>)recorder.Feeds[0]).OnNextAsync(new FrameBatch(frames), null);
            live.Append(frames);
            SyntheticStream.Send(plain, frames);
            recorder.Work(new PartBuffer());
        }

        recorder.End();
        recorder.Work(new PartBuffer());
        Assert.True(recorder.IsOver);

        // 2. What lies on the disk.
        foreach (var (folder, name, window, keeps) in new[] { (folders.Rewind, Stream, live, has), (folders.Recordings, Entry, plain, false) })
        {
            var volume = Assert.Single(folder.Volumes(name)).Volume;
            var index = new JournalIndex();
            index.Read(File.ReadAllBytes(folder.IndexPath(name, volume)));
            foreach (var (track, msn) in window.View.Tracks.SelectMany(static track => new[] { (track, 0L), (track, 1L) }))
            {
                var share = index.Find(msn)!.Share(index.Tracks.TakeWhile(known => known!.Name != track.Name).Count())!;
                var kept = File.ReadAllBytes(folder.MediaPath(name, volume, track.Name)).AsSpan((int)share.Offset, (int)share.Length).ToArray();
                Assert.Equal(SegmentLookup.Found, window.View.TryOpenCmaf(track, msn, out var body));
                using (body)
                {
                    Assert.Equal(SyntheticStream.Read(body!), kept);
                }

                Assert.Equal(keeps && track.Kind == TrackKind.Video, Encoding.ASCII.GetString(kept).Contains($"\"id\":\"{Stream}_1_{msn}\"", StringComparison.Ordinal));
            }
        }
    }
}
